"""The secrets that a fleet's worker needs, and the commands that store them."""

from __future__ import annotations

from collections.abc import Iterator

from containers.worker.allora_worker.contract import Secret
from settings.fleet import FleetWorker
from settings.names import Names


def needed_parameters(worker: FleetWorker) -> Iterator[str]:
    """Yield what ECS fetches before a task starts; without one of them it does not start."""
    names = Names(worker.settings)
    yield names.wallet
    if worker.options.api_key:
        yield f"{names.secrets_prefix}/{Secret.API_KEY}"
    yield from (f"{names.secrets_prefix}/model/{name}" for name in worker.settings.model_secrets)


def how_to_store(worker: str, parameter: str) -> str:
    """Return the command that stores a worker's parameter."""
    name = parameter.split("/", 3)[-1]
    if name == Secret.MNEMONIC:
        return "allora wallet create --all (or, of your own: allora wallet import --worker NAME)"
    return f"allora secret set {name} --worker {worker}"
