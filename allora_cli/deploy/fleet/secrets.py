"""Which secrets of a worker are missing, and the commands that store them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from allora_cli.aws.batches import batches
from containers.worker.allora_worker.contract import Secret
from settings.fleet import FleetWorker
from settings.names import task_secrets

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
    return {
        parameter: f"allora wallet create --worker {worker.name}"
        if secret == Secret.MNEMONIC
        else f"allora secret set {secret} --worker {worker.name}"
        for secret, parameter in task_secrets(worker).items()
    }
