"""The wallets of a fleet, one a worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from allora_cli.context import Context, FleetContext
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.wallet.mnemonic import make_words
from allora_cli.wallet.node import Node, answers_of
from allora_cli.wallet.secrets import list_secrets
from allora_cli.wallet.store import Storing, read_wallets, store_wallet


def workers_without_wallet(fleet: FleetContext) -> list[Context]:
    """Return the contexts of the workers that have no wallet, without decrypting any."""
    contexts = [fleet.of(worker) for worker in fleet.fleet.workers]
    ssm = fleet.session.client("ssm")
    stored = list_secrets(ssm, [context.names.wallet for context in contexts])
    return [
        context
        for context, secret in zip(contexts, stored, strict=True)
        if secret.stored_at is None
    ]


def create_missing(fleet: FleetContext) -> Iterator[tuple[Context, Storing]]:
    """Create a wallet for each worker that has none; yield each as soon as it is stored.

    Raises:
        OperatorError: Another user has stored one meanwhile. Those yielded are stored.
    """
    for context in workers_without_wallet(fleet):
        yield context, store_wallet(context, make_words(), replace=False, address=None)


def balances(fleet: FleetContext) -> Iterator[tuple[Context, str | None, int | None]]:
    """Yield each worker with its address and its balance in uallo; None without a wallet.

    Raises:
        OperatorError: A network does not answer.
    """
    contexts = [fleet.of(worker) for worker in fleet.fleet.workers]
    stored = read_wallets(fleet.session.client("ssm"), [each.names.wallet for each in contexts])
    addresses = {wallet.parameter: wallet.address for wallet in stored}
    with ExitStack() as open_nodes:
        nodes: dict[tuple[str, str], Node] = {}
        for context in contexts:
            address = addresses.get(context.names.wallet)
            if address is None:
                yield context, None, None
                continue
            place = context.settings.api_url, context.settings.allora_network
            if place not in nodes:
                nodes[place] = open_nodes.enter_context(answers_of(context.settings))
            yield context, address, nodes[place].balance(address)


def which_wallet(fleet: FleetContext) -> OperatorError:
    """Return the error that says which workers have no wallet, and how to create them."""
    missing = [context.settings.worker_name for context in workers_without_wallet(fleet)]
    count = len(fleet.fleet.workers)
    if missing:
        message = (
            f"Nothing was created. {len(missing)} of {count} workers have no wallet: "
            f"{', '.join(missing)}. Create one for each of them: allora wallet create --all. For "
            f"one of them: allora wallet create --worker {missing[0]}"
        )
    else:
        message = (
            f"Nothing was created: each of the {count} workers has a wallet. To replace one: "
            "allora wallet create --replace --worker NAME"
        )
    return OperatorError(ErrorCode.WORKER_NAME, message)
