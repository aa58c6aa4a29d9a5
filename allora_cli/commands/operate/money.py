"""`allora wallet balance` and `allora wallet send`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from allora_cli.commands.worker_option import Worker
from allora_cli.errors import ErrorCode, ExitCode, OperatorError
from allora_cli.terminal import console, interrupts, prompts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from allora_cli.wallet.node import Node
    from allora_cli.wallet.quote import Quote
    from allora_cli.wallet.sending import Outcome
    from allora_cli.wallet.store import StoredWallet
    from allora_cli.wallet.transaction import Transfer


def balance(
    *,
    worker: Worker = None,
    each: Annotated[
        bool, typer.Option("--all", help="Of each worker of fleet.toml, with its address.")
    ] = False,
    json: console.Json = False,
) -> None:
    """Show the wallet's balance, and what a transaction costs now.

    Example: allora wallet balance
    """
    if each:
        _balance_of_all(worker, json=json)
    else:
        _balance_of_one(worker, json=json)


def _balance_of_all(worker: str | None, *, json: bool) -> None:
    from allora_cli.context import require_fleet
    from allora_cli.fleet.wallets import balances
    from allora_cli.wallet.amounts import exact_allo

    if worker:
        raise OperatorError(
            ErrorCode.USAGE, "--all goes without --worker.", exit_code=ExitCode.USAGE
        )
    wallets = []
    lines = []
    for context, address, uallo in balances(require_fleet()):
        name, network = context.settings.worker_name, context.settings.allora_network
        allo = None if uallo is None else exact_allo(uallo)
        wallets.append(
            {"worker": name, "network": network, "address": address, "balance_allo": allo}
        )
        lines += (
            [f"{name}: {allo} ALLO on {network}", f"  {address}"]
            if address
            else [f"{name}: no wallet. Create one: allora wallet create{context.option}"]
        )
    console.show({"wallets": wallets}, lines, json=json)


def _balance_of_one(worker: str | None, *, json: bool) -> None:
    from allora_cli.context import open_worker
    from allora_cli.wallet.amounts import Fees, exact_allo
    from allora_cli.wallet.node import answers_of
    from allora_cli.wallet.quote import fees_of_a_day
    from allora_cli.wallet.store import require_wallet

    context = open_worker(worker)
    settings, address = context.settings, str(require_wallet(context).address)
    with answers_of(settings) as node:
        uallo, fees = node.balance(address), Fees(node.gas_price())
    a_day = fees_of_a_day(fees, settings)
    document = {
        "address": address,
        "network": settings.allora_network,
        "balance_allo": exact_allo(uallo),
        "submission_fee_allo": exact_allo(fees.submission),
        "transfer_fee_allo": exact_allo(fees.transfer),
        "fees_of_a_day_allo": exact_allo(a_day),
        "explorer_url": node.network.account_url(address),
    }
    lines = [
        f"{exact_allo(uallo)} ALLO on {settings.allora_network}",
        f"  Address: {address}",
        f"  A submission costs about {exact_allo(fees.submission)} ALLO",
        f"  A transfer costs {exact_allo(fees.transfer)} ALLO",
        f"  {document['explorer_url']}",
    ]
    console.show(document, lines, json=json)


def send(
    amount: Annotated[
        str | None, typer.Argument(metavar="AMOUNT", help="In ALLO, as in 12.5.")
    ] = None,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Send everything but the fee, in place of an amount.")
    ] = False,
    to: Annotated[
        str | None, typer.Option(metavar="allo1…", help="The recipient's address.")
    ] = None,
    confirm: Annotated[
        str | None, typer.Option(metavar="allo1…", help="The address again, for scripts.")
    ] = None,
    memo: Annotated[
        str, typer.Option(help="A public text; an exchange may need one to credit you.")
    ] = "",
    worker: Worker = None,
    yes: console.Yes = False,
    json: console.Json = False,
) -> None:
    """Send ALLO from the worker's wallet to another address.

    Asks for the address twice, shows amount and fee, and asks once more. Keeps the fees of a day
    in the wallet, except with --all. With --yes, give the address as --to and as --confirm.
    Exit code 4: it is not known whether it was sent.

    Example: allora wallet send 12.5 --to allo1…
    """
    from allora_cli.context import open_worker
    from allora_cli.wallet.amounts import read_amount
    from allora_cli.wallet.node import answers_of
    from allora_cli.wallet.quote import quote
    from allora_cli.wallet.recipient import check_memo, check_options, read_recipient
    from allora_cli.wallet.store import require_wallet

    if everything == (amount is not None):
        raise OperatorError(
            ErrorCode.USAGE, "Give an amount, or --all in its place.", exit_code=ExitCode.USAGE
        )
    answers = prompts.Answers(yes)
    answers.require_possible()
    uallo = None if amount is None else read_amount(amount)
    check_options(to, confirm)
    check_memo(memo)
    context = open_worker(worker)
    wallet = require_wallet(context)
    recipient = read_recipient(to, confirm, own=str(wallet.address))
    with answers_of(context.settings) as node:
        offer = quote(node, context.settings, str(wallet.address), uallo)
        transfer = offer.transfer(str(wallet.address), recipient, memo)
        console.err.print(*_summary(node, offer, transfer), sep="\n", markup=False)
        _ask(offer, answers)
        outcome = _send(node, transfer, wallet)
        console.show(*_receipt(node, transfer, outcome), json=json)


def _summary(node: Node, offer: Quote, transfer: Transfer) -> Iterator[str]:
    from allora_cli.wallet.amounts import exact_allo

    yield f"  Network  {node.name} ({node.network.chain_id})"
    yield f"  From     {transfer.sender}"
    yield f"  To       {transfer.recipient}"
    if transfer.memo:
        yield f"  Memo     {transfer.memo}"
    yield f"  Amount   {exact_allo(offer.amount)} ALLO"
    yield f"  Fee      {exact_allo(offer.fee)} ALLO"
    yield f"  Left     {exact_allo(offer.left)} ALLO"
    if offer.left < offer.a_day:
        yield f"  ! The worker pays up to {exact_allo(offer.a_day)} ALLO a day, and stops without."


def _ask(offer: Quote, answers: prompts.Answers) -> None:
    from allora_cli.wallet.amounts import exact_allo

    if not answers.confirm(f"Send {exact_allo(offer.amount)} ALLO? It cannot be undone."):
        raise OperatorError(ErrorCode.DECLINED, "Nothing was sent.")


def _send(node: Node, transfer: Transfer, wallet: StoredWallet) -> Outcome:
    from allora_cli.wallet.mnemonic import key_of
    from allora_cli.wallet.sending import Patience, require_sent, send

    with console.working("Waiting for a block with the transaction"):
        outcome = send(node, transfer, key_of(wallet.words), Patience())
        interrupts.ignore_ctrl_c()  # or it would hide that the coins were sent
    require_sent(node, outcome)
    return outcome


def _receipt(
    node: Node, transfer: Transfer, outcome: Outcome
) -> tuple[dict[str, object], list[str]]:
    """Return the result, as JSON and as lines."""
    from allora_cli.chain import ChainError
    from allora_cli.wallet.amounts import exact_allo

    page = node.network.transaction_url(outcome.transaction.hash)
    try:
        left = exact_allo(node.balance(transfer.sender))
    except ChainError:
        left = None
    document: dict[str, object] = {
        "network": node.name,
        "from": transfer.sender,
        "to": transfer.recipient,
        "amount_allo": exact_allo(transfer.amount),
        "fee_allo": exact_allo(transfer.fee),
        "hash": outcome.transaction.hash,
        "height": outcome.height,
        "explorer_url": page,
        "balance_allo": left,
    }
    lines = [
        f"✔ Sent {exact_allo(transfer.amount)} ALLO to {transfer.recipient}",
        f"  Transaction: {outcome.transaction.hash}, in block {outcome.height}",
        f"  {page}",
        f"  Balance: {left or '?'} ALLO",
    ]
    return document, lines
