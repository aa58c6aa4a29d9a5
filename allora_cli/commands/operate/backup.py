"""`allora backup`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from allora_cli.terminal import console


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
    json: console.Json = False,
) -> None:
    """Write the wallet to a file that is encrypted with a passphrase.

    Asks for the passphrase, or reads it from standard input. The file is in age's format: `age -d`
    opens it without this project.

    Example: allora backup
    """
    from allora_cli.context import open_context
    from allora_cli.wallet.backup import (
        Backup,
        backup_path,
        check_place,
        new_passphrase,
        write_backup,
    )
    from allora_cli.wallet.mnemonic import address_of
    from allora_cli.wallet.store import require_wallet

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
    with console.working("Encrypting the wallet, and testing that the file opens"):
        write_backup(content, path, passphrase, replace=replace)
    lines = [
        f"✔ The wallet {content.address} is in {path}; the file opens.",
        "  Keep the file off this computer, and the passphrase elsewhere: it cannot be recovered.",
        f"  To store the wallet again: allora restore {path}",
    ]
    console.show({"file": str(path), "address": content.address}, lines, json=json)
