"""`allora wallet …`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from allora_cli.commands.operate import money
from allora_cli.terminal import console, prompts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from allora_cli.context import Context
    from allora_cli.wallet.funding import Funding
    from allora_cli.wallet.store import Storing

app = typer.Typer(
    name="wallet",
    help="Create, import and show the worker's wallet in SSM Parameter Store, and send from it.",
)

Replace = Annotated[
    bool, typer.Option("--replace", help="Replace another wallet; asks for its address.")
]
"""The option of every command that stores a wallet."""

Address = Annotated[
    str | None,
    typer.Option("--address", metavar="allo1…", help="The replaced wallet's address, for scripts."),
]
"""The option that goes with `Replace`."""


@app.command()
def create(
    *, replace: Replace = False, address: Address = None, json: console.Json = False
) -> None:
    """Create a wallet, and store its 24 words encrypted, without showing them.

    Replaces another wallet only with --replace and its address.

    Example: allora wallet create
    """
    from allora_cli.context import open_context
    from allora_cli.wallet.mnemonic import make_words
    from allora_cli.wallet.store import store_wallet

    context = open_context()
    storing = store_wallet(context, make_words(), replace=replace, address=address)
    show(
        storing,
        context,
        json=json,
        then=[
            "Next: allora backup. There is no other copy of the words, and no coins without them.",
            "Then: allora deploy",
        ],
    )


@app.command(name="import")
def import_(
    *, replace: Replace = False, address: Address = None, json: console.Json = False
) -> None:
    """Store an existing wallet: its 12 to 24 words, encrypted.

    Asks for the words without showing them, or reads them from standard input.

    Example: allora wallet import
    """
    from allora_cli.context import open_context
    from allora_cli.wallet.mnemonic import read_words
    from allora_cli.wallet.store import store_wallet

    context = open_context()
    words = read_words(prompts.hidden_or_stdin("The wallet's words, in one line"))
    storing = store_wallet(context, words, replace=replace, address=address)
    show(storing, context, json=json)


@app.command(name="address")
def address_(*, json: console.Json = False) -> None:
    """Print the stored wallet's address, and nothing else on standard output.

    Example: allora wallet address
    """
    from allora_cli.context import open_context
    from allora_cli.wallet.store import require_wallet
    from shared.networks import NETWORKS

    context = open_context()
    wallet = require_wallet(context)
    network = context.settings.allora_network
    page = NETWORKS[network].account_url(str(wallet.address))
    document = {
        "address": wallet.address,
        "parameter": wallet.parameter,
        "network": network,
        "explorer_url": page,
    }
    if not json:
        title = f"The wallet in {wallet.parameter} ({network}, {page}):"
        console.err.print(title, markup=False, style="dim")
    console.show(document, [str(wallet.address)], json=json)


app.command()(money.balance)
app.command()(money.send)


def show(
    storing: Storing,
    context: Context,
    *,
    json: bool,
    then: Iterable[str] = ("Next: allora deploy",),
) -> None:
    """Print the outcome of storing a wallet, how to fund it, and the next steps."""
    from allora_cli.wallet.funding import funding_of

    wallet, replaced = storing.wallet, storing.replaced
    network, funding = context.settings.allora_network, funding_of(context.settings)
    document = {
        "address": wallet.address,
        "parameter": wallet.parameter,
        "version": wallet.version,
        "network": network,
        "stored": storing.is_new,
        "replaced": replaced and {"address": replaced.address, "version": replaced.version},
        "funding": {"allo": f"{funding.allo:f}", "faucet": funding.faucet},
    }
    lines = [
        f"✔ The wallet is stored, encrypted: {wallet.parameter}"
        if storing.is_new
        else f"✔ This wallet was already stored: {wallet.parameter}. Nothing was changed.",
        f"  Address: {wallet.address}",
    ]
    if replaced:
        lines += [
            f"  AWS keeps the previous words ({replaced.address or 'no wallet'})",
            f"  as version {replaced.version} of the parameter, among the last 100.",
            "  A running worker keeps its wallet until: allora restart",
        ]
    if storing.is_new:
        lines += [*_how_to_fund(funding), *then]
    console.show(document, lines, json=json)


def _how_to_fund(funding: Funding) -> Iterator[str]:
    if funding.faucet:
        yield f"  To fund it with test coins, free of charge: {funding.faucet}"
    else:
        yield "  To fund it: send ALLO to the address, from another wallet or an exchange"
    yield f"  Needed for about 100 transactions: {funding.allo:f} ALLO"
    if funding.faucet:
        yield "  With a key of https://developer.allora.network the worker gets test coins itself:"
        yield "  allora secret set api-key"
