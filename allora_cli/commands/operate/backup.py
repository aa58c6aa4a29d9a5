"""`allora backup`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allora_cli.commands.worker_option import Worker
from allora_cli.errors import ErrorCode, ExitCode, OperatorError
from allora_cli.terminal import console

if TYPE_CHECKING:
    from allora_cli.context import Context
    from allora_cli.wallet.backup import Backup


def backup(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="A file or a folder. Default: a file in this folder, named after worker, address "
            "and date.",
        ),
    ] = None,
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite an existing file.")] = False,
    worker: Worker = None,
    each: Annotated[
        bool,
        typer.Option("--all", help="Of each worker of fleet.toml, a file each in a folder."),
    ] = False,
    json: console.Json = False,
) -> None:
    """Write the wallet to a file that is encrypted with a passphrase.

    Asks for the passphrase, or reads it from standard input. The file is in age's format: `age -d`
    opens it without this project.

    Example: allora backup
    """
    from allora_cli.context import open_worker
    from allora_cli.wallet.backup import backup_path, check_place, new_passphrase, write_backup

    if each:
        _back_up_all(file, worker, replace=replace, json=json)
        return
    context = open_worker(worker)
    content = _content(context)
    path = backup_path(file, content)
    check_place(path, replace=replace)
    passphrase = new_passphrase()
    with console.working("Encrypting the wallet, and testing that the file opens"):
        write_backup(content, path, passphrase, replace=replace)
    lines = [
        f"✔ The wallet {content.address} is in {path}; the file opens.",
        "  Keep the file off this computer, and the passphrase elsewhere: it cannot be recovered.",
        f"  To store the wallet again: allora restore {path}{context.option}",
    ]
    console.show({"file": str(path), "address": content.address}, lines, json=json)


def _content(context: Context) -> Backup:
    from allora_cli.wallet.backup import Backup
    from allora_cli.wallet.mnemonic import address_of
    from allora_cli.wallet.store import require_wallet

    wallet = require_wallet(context)
    return Backup(
        words=wallet.words,
        address=address_of(wallet.words),
        network=context.settings.allora_network,
        worker_name=context.settings.worker_name,
        made_at=datetime.now(UTC),
    )


def _back_up_all(folder: Path | None, worker: str | None, *, replace: bool, json: bool) -> None:
    """Write a file for each worker that has a wallet, all with one passphrase."""
    from allora_cli.context import require_fleet
    from allora_cli.fleet.wallets import workers_without_wallet
    from allora_cli.wallet.backup import backup_path, check_place, new_passphrase, write_backup

    folder = folder or Path()
    if worker or not folder.is_dir():
        raise OperatorError(
            ErrorCode.USAGE,
            "--all goes without --worker, and takes a folder that exists.",
            exit_code=ExitCode.USAGE,
        )
    fleet = require_fleet()
    missing = {context.settings.worker_name for context in workers_without_wallet(fleet)}
    contents = [
        _content(fleet.of(each)) for each in fleet.fleet.workers if each.name not in missing
    ]
    paths = [backup_path(folder, content) for content in contents]
    for path in paths:
        check_place(path, replace=replace)
    passphrase = new_passphrase()
    with console.working(f"Encrypting {len(contents)} wallets, and testing that the files open"):
        for path, content in zip(paths, contents, strict=True):
            write_backup(content, path, passphrase, replace=replace)
    lines = [
        *(f"✔ {path}" for path in paths),
        *(f"! {name} has no wallet: allora wallet create --worker {name}" for name in missing),
        "  Keep the files off this computer, and the passphrase elsewhere: it cannot be recovered.",
        "  To store a wallet again: allora restore FILE --worker NAME",
    ]
    document = {
        "backups": [
            {"worker": content.worker_name, "file": str(path), "address": content.address}
            for path, content in zip(paths, contents, strict=True)
        ],
        "without_wallet": sorted(missing),
    }
    console.show(document, lines, json=json)
