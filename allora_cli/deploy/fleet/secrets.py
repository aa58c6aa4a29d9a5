"""Which secrets of a worker are missing, and the commands that store them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allora_cli.wallet.needed import how_to_store, needed_parameters
from allora_cli.wallet.secrets import list_secrets
from settings.fleet import FleetWorker

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


def missing_secrets(ssm: SSMClient, worker: FleetWorker) -> list[str]:
    """Return the commands that store what a worker's task needs and is not there."""
    stored = list_secrets(ssm, list(needed_parameters(worker)))
    return [how_to_store(worker.name, each.parameter) for each in stored if not each.version]
