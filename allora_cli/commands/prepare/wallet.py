"""`allora wallet …`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from allora_cli.commands.operate import money
from allora_cli.commands.worker_option import Worker
from allora_cli.errors import ErrorCode, ExitCode, OperatorError
from allora_cli.terminal import console, prompts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from allora_cli.context import Context
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

_NO_OTHER_COPY: Final = "There is no other copy of the words, and no coins without them."


@app.command()
def create(
    *,
    replace: Replace = False,
    address: Address = None,
    worker: Worker = None,
    each: Annotated[
        bool,
        typer.Option("--all", help="One for each worker of fleet.toml that has none."),
    ] = False,
    json: console.Json = False,
) -> None:
    """Create a wallet, and store its 24 words encrypted, without showing them.

    Replaces another wallet only with --replace and its address; --all replaces none.

    Example: allora wallet create
    """
    from allora_cli.context import open_context, open_fleet
    from allora_cli.fleet.wallets import which_wallet
    from allora_cli.wallet.mnemonic import make_words
    from allora_cli.wallet.store import store_wallet

    if each:
        _require_alone(replace, address, worker)
        _create_all(json=json)
        return
    if worker is None and (fleet := open_fleet()):
        raise which_wallet(fleet)
    context = open_context(worker)
    storing = store_wallet(context, make_words(), replace=replace, address=address)
    show(
        storing,
        context,
        json=json,
        then=[
            f"Next: allora backup{context.option}. {_NO_OTHER_COPY}",
            "Then: allora deploy",
        ],
    )


@app.command(name="import")
def import_(
    *,
    replace: Replace = False,
    address: Address = None,
    worker: Worker = None,
    json: console.Json = False,
) -> None:
    """Store an existing wallet: its 12 to 24 words, encrypted.

    Asks for the words without showing them, or reads them from standard input.

    Example: allora wallet import
    """
    from allora_cli.context import open_worker
    from allora_cli.wallet.mnemonic import read_words
    from allora_cli.wallet.store import store_wallet

    context = open_worker(worker)
    words = read_words(prompts.hidden_or_stdin("The wallet's words, in one line"))
    storing = store_wallet(context, words, replace=replace, address=address)
    show(storing, context, json=json)


@app.command(name="address")
def address_(*, worker: Worker = None, json: console.Json = False) -> None:
    """Print the stored wallet's address, and nothing else on standard output.

    Example: allora wallet address
    """
    from allora_cli.context import open_worker
    from allora_cli.wallet.store import require_wallet
    from shared.networks import NETWORKS

    context = open_worker(worker)
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


def _require_alone(*others: object) -> None:
    if any(others):
        raise OperatorError(
            ErrorCode.USAGE,
            "--all goes without --worker, --replace and --address: it replaces no wallet.",
            exit_code=ExitCode.USAGE,
        )


def _create_all(*, json: bool) -> None:
    from allora_cli.context import require_fleet
    from allora_cli.fleet.wallets import create_missing

    fleet = require_fleet()
    created = []
    funding = {}
    for context, storing in create_missing(fleet):
        name, address = context.settings.worker_name, storing.wallet.address
        created.append({"worker": name, "address": address, "parameter": storing.wallet.parameter})
        funding[context.settings.allora_network] = context
        console.err.print(f"✔ {name}: {address}", markup=False)
    count = len(fleet.fleet.workers)
    lines = [
        f"{len(created)} of {count} workers got a wallet; the others had one."
        if created
        else f"Nothing was created: each of the {count} workers has a wallet. All addresses: "
        "allora wallet balance --all"
    ]
    for network, context in funding.items():
        lines += [f"Each on {network}:", *_how_to_fund(context, " --worker NAME")]
    if created:
        lines += [
            f"Next: allora backup --all. {_NO_OTHER_COPY}",
            "Then: allora deploy",
        ]
    console.show({"wallets": created}, lines, json=json)


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
            f"  A running worker keeps its wallet until: allora restart{context.option}",
        ]
    if storing.is_new:
        lines += [*_how_to_fund(context, context.option), *then]
    console.show(document, lines, json=json)


def _how_to_fund(context: Context, option: str) -> Iterator[str]:
    from allora_cli.wallet.funding import funding_of

    funding = funding_of(context.settings)
    if funding.faucet:
        yield f"  To fund it with test coins, free of charge: {funding.faucet}"
    else:
        yield "  To fund it: send ALLO to the address, from another wallet or an exchange"
    yield f"  Needed for about 100 transactions: {funding.allo:f} ALLO"
    if funding.faucet:
        yield "  With a key of https://developer.allora.network the worker gets test coins itself:"
        yield f"  allora secret set api-key{option}"
        if context.is_in_fleet:
            yield "  and, in fleet.toml: api_key = true"
