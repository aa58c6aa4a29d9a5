"""`allora forge …`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from allora_cli.commands.worker_option import Worker
from allora_cli.terminal import console

if TYPE_CHECKING:
    from allora_cli.forge.linking import Session

app = typer.Typer(name="forge", help="Take part in the competitions of Allora Forge.")


@app.command()
def link(
    *,
    url: Annotated[
        str, typer.Option(metavar="https://…", help="Another address of Forge.")
    ] = "https://forge.allora.network",
    worker: Worker = None,
    json: console.Json = False,
) -> None:
    """Link the worker's wallet to your account of Allora Forge.

    Signs a text that Forge sends, which is no transaction and costs nothing, and opens the page on
    which you approve the link. Exit code 4: nobody approved it in time.

    Example: allora forge link
    """
    from allora_cli.context import open_worker
    from allora_cli.forge.linking import check_url, start, submit, wait
    from allora_cli.wallet.mnemonic import key_of
    from allora_cli.wallet.store import require_wallet

    forge = check_url(url)
    wallet = require_wallet(open_worker(worker))
    session = start(forge, str(wallet.address))
    submit(session, key_of(wallet.words))
    _show_page(session, json=json)
    with console.working("Waiting for your approval"):
        wait(session)
    document = {"address": session.address, "forge_url": forge, "linked": True}
    console.show(document, [f"✔ {session.address} is linked at {forge}"], json=json)


def _show_page(session: Session, *, json: bool) -> None:
    from allora_cli.terminal.browser import open_page

    lines = [
        f"  Wallet: {session.address}",
        f"  Code:   {session.user_code}",
        f"  Compare the code, and approve the link: {session.page}",
    ]
    console.err.print(*lines, sep="\n", markup=False)
    if console.err.is_terminal and not json and not open_page(session.page):
        console.err.print("There is no browser here: open the page on another computer.")
