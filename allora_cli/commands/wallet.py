"""`allora wallet …`."""

from __future__ import annotations

from typing import Annotated

import typer

from allora_cli.context import Context, open_context
from allora_cli.terminal import console, prompts
from allora_cli.wallet.mnemonic import FUNDING, make_words, read_words
from allora_cli.wallet.store import Storing, require_wallet, store_wallet

app = typer.Typer(
    no_args_is_help=True, help="The wallet that the worker signs with, in SSM Parameter Store."
)

Replace = Annotated[
    bool, typer.Option("--replace", help="Replace the wallet that is there; asks for its address.")
]
"""The option of every command that stores a wallet."""

Address = Annotated[
    str | None,
    typer.Option(
        "--address", metavar="allo1…", help="The address of the wallet to replace, for scripts."
    ),
]
"""The option that goes with `Replace`."""


@app.command()
def create(
    *, replace: Replace = False, address: Address = None, json: console.Json = False
) -> None:
    """Makes a new wallet and stores its 24 words, encrypted. Nobody gets to see them.

    A wallet that is there stays, unless you name its address.
    Example: pipenv run allora wallet create
    """
    context = open_context()
    storing = store_wallet(context, make_words(), replace=replace, address=address)
    show(
        storing,
        context,
        json=json,
        then="Next: pipenv run allora backup. The words are nowhere else, and whoever loses them "
        "loses the coins.",
    )


@app.command(name="import")
def import_(
    *, replace: Replace = False, address: Address = None, json: console.Json = False
) -> None:
    """Stores a wallet that you have: its 12 to 24 words, encrypted.

    Asks for the words without showing them, or reads them from standard input.
    Example: pipenv run allora wallet import
    """
    context = open_context()
    words = read_words(prompts.hidden_or_stdin("The wallet's words, in one line"))
    storing = store_wallet(context, words, replace=replace, address=address)
    show(storing, context, json=json)


@app.command(name="address")
def address_(*, json: console.Json = False) -> None:
    """Prints the address of the wallet that is stored, and nothing else on standard output.

    Example: pipenv run allora wallet address
    """
    context = open_context()
    wallet = require_wallet(context)
    network = context.settings.allora_network
    if json:
        console.result(
            {"address": wallet.address, "parameter": wallet.parameter, "network": network}
        )
        return
    console.err.print(f"The wallet in {wallet.parameter} ({network}):", markup=False, style="dim")
    console.out.print(wallet.address, markup=False)


def show(
    storing: Storing, context: Context, *, json: bool, then: str = "Next: pipenv run allora doctor"
) -> None:
    """Prints how storing a wallet ended.

    Args:
        storing: how it ended.
        context: whose wallet it is.
        json: for scripts.
        then: what to do next.
    """
    wallet, replaced = storing.wallet, storing.replaced
    network = context.settings.allora_network
    if json:
        before = {"address": replaced.address, "version": replaced.version} if replaced else None
        console.result(
            {
                "address": wallet.address,
                "parameter": wallet.parameter,
                "version": wallet.version,
                "network": network,
                "stored": storing.is_new,
                "replaced": before,
            }
        )
        return
    lines = [
        f"✔ The wallet is stored, encrypted: {wallet.parameter}"
        if storing.is_new
        else f"✔ This wallet is stored already: {wallet.parameter}. Nothing was changed.",
        f"  Address: {wallet.address}",
    ]
    if replaced:
        lines += [
            f"  AWS keeps the words that were there ({replaced.address or 'no wallet'}),",
            f"  as version {replaced.version} of the parameter, among the last 100.",
            "  A worker that runs keeps its wallet until: pipenv run allora restart",
        ]
    if storing.is_new:
        lines += [f"  To fund it: {FUNDING[network]}", then]
    for line in lines:
        console.out.print(line, markup=False)
