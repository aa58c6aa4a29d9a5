"""`allora backup`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from allora_cli.context import open_context
from allora_cli.terminal import console
from allora_cli.wallet.backup import Backup, backup_path, check_place, new_passphrase, write_backup
from allora_cli.wallet.mnemonic import address_of
from allora_cli.wallet.store import require_wallet


def backup(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="Where to, or in which folder. By default a file in this folder, named after the "
            "worker, the wallet's address and the date.",
        ),
    ] = None,
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Overwrite the file that is there.")
    ] = False,
    json: console.Json = False,
) -> None:
    """Writes the wallet into a file that is encrypted with a passphrase.

    Asks for the passphrase, or reads it from standard input. The file is in age's format, so that
    `age -d` opens it without this project.
    Example: pipenv run allora backup
    """
    context = open_context()
    wallet = require_wallet(context)
    content = Backup(
        words=wallet.words,
        address=address_of(wallet.words),
        network=context.settings.allora_network,
        worker_name=context.settings.worker_name,
        made_at=datetime.now(UTC),
    )
    path = backup_path(file, content)
    check_place(path, replace=replace)
    passphrase = new_passphrase()
    with console.working("Encrypting the wallet, and trying whether the file opens"):
        write_backup(content, path, passphrase, replace=replace)
    if json:
        console.result({"file": str(path), "address": content.address})
        return
    for line in [
        f"✔ The wallet {content.address} is in {path}, and the file opens.",
        "  Keep it off this computer, and the passphrase elsewhere: without it nobody can help.",
        f"  To store the wallet again: pipenv run allora restore {path}",
    ]:
        console.out.print(line, markup=False)
