"""`allora restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from allora_cli.commands.wallet import Address, Replace, show
from allora_cli.context import open_context
from allora_cli.terminal import console, prompts
from allora_cli.wallet.backup import read_backup, read_encrypted
from allora_cli.wallet.store import store_wallet


def restore(
    file: Annotated[Path, typer.Argument(help="What `allora backup` has written.")],
    *,
    replace: Replace = False,
    address: Address = None,
    json: console.Json = False,
) -> None:
    """Stores the wallet out of a backup.

    Asks for the file's passphrase, or reads it from standard input. A wallet that is there stays,
    unless you name its address.
    Example: pipenv run allora restore allora-worker-allo19rl4-jnh7gv-2026-11-30.age
    """
    context = open_context()
    read_encrypted(file)  # so that nobody types a passphrase for nothing
    passphrase = prompts.hidden_or_stdin("Passphrase of the file")
    with console.working("Opening the file"):
        content = read_backup(file, passphrase)
    console.err.print(
        f"{file} has the wallet {content.address}, of {content.made_at:%Y-%m-%d} (worker "
        f"{content.worker_name}, {content.network}).",
        markup=False,
    )
    storing = store_wallet(context, content.words, replace=replace, address=address)
    show(storing, context, json=json)
