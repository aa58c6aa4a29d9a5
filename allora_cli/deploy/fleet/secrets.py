"""Which secrets of a worker are missing, and the commands that store them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from allora_cli.aws.batches import batches
from containers.worker.allora_worker.contract import Secret
from settings.fleet import FleetWorker
from settings.names import Names

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

_ASKED_AT_ONCE: Final = 10
"""https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html"""


def missing_secrets(ssm: SSMClient, worker: FleetWorker) -> list[str]:
    """Return the commands that store what a worker's task needs and is not there."""
    commands = _commands(worker)
    missing = [
        name
        for some in batches(commands, _ASKED_AT_ONCE)
        for name in ssm.get_parameters(Names=some)["InvalidParameters"]
    ]
    return [commands[name] for name in commands if name in missing]


def _commands(worker: FleetWorker) -> dict[str, str]:
    """Return the command that stores each parameter, by its name."""
    names = Names(worker.settings)
    commands = {names.wallet: f"allora wallet create --worker {worker.name}"}
    wanted = [Secret.API_KEY] if worker.options.api_key else []
    wanted_by_model = [f"model/{name}" for name in worker.settings.model_secrets]
    for secret in (*wanted, *wanted_by_model):
        commands[f"{names.secrets_prefix}/{secret}"] = (
            f"allora secret set {secret} --worker {worker.name}"
        )
    return commands
