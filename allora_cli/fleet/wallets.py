"""The wallets of a fleet, one a worker."""

from __future__ import annotations

from collections.abc import Iterator

from allora_cli.context import Context, FleetContext
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.wallet.mnemonic import make_words
from allora_cli.wallet.secrets import list_secrets
from allora_cli.wallet.store import Storing, store_wallet


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
