"""The commands that store the secrets of a fleet's worker."""

from __future__ import annotations

from containers.worker.allora_worker.contract import Secret


def how_to_store(worker: str, parameter: str) -> str:
    """Return the command that stores a worker's parameter."""
    name = parameter.split("/", 3)[-1]
    if name == Secret.MNEMONIC:
        return "allora wallet create --all (or, of your own: allora wallet import --worker NAME)"
    return f"allora secret set {name} --worker {worker}"
