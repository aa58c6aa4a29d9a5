"""`allora restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from allora_cli.commands.prepare.wallet import Address, Replace, show
from allora_cli.commands.worker_option import Worker
from allora_cli.terminal import console, prompts


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `allora backup` has written.")],
    *,
    replace: Replace = False,
    address: Address = None,
    worker: Worker = None,
    json: console.Json = False,
) -> None:
    """Store the wallet from a backup.

    Asks for the file's passphrase, or reads it from standard input. Replaces another wallet only
    with --replace and its address.

    Example: allora restore wallet.age
    """
    from allora_cli.context import open_worker
    from allora_cli.wallet.backup import read_backup, read_encrypted
    from allora_cli.wallet.store import store_wallet

    context = open_worker(worker)
    read_encrypted(file)  # before the question for its passphrase
    passphrase = prompts.hidden_or_stdin("Passphrase of the file")
    with console.working("Opening the file"):
        content = read_backup(file, passphrase)
    console.err.print(
        f"{file} contains the wallet {content.address}, of {content.made_at:%Y-%m-%d} (worker "
        f"{content.worker_name}, {content.network}).",
        markup=False,
    )
    storing = store_wallet(context, content.words, replace=replace, address=address)
    show(storing, context, json=json)
