"""AWS resource names derived from the settings: a contract (docs/architecture.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from containers.worker.allora_worker.contract import Secret
from settings import Settings
from settings.fleet import FleetWorker
from shared.stacks import ARCHIVE_PREFIX, FLEET_CONTEXTS_PREFIX


class Names:
    """Names that several parts of the project use.

    Attributes:
        in_region: Base of names that are unique in an account, such as the dashboard's.
        secrets_prefix: Prefix of the SSM parameters.
        parameters: SSM parameters that the host may read.
        wallet: SSM parameter of the wallet's mnemonic.
        log_group_prefix: Prefix of the log groups.
        archive_prefix: Prefix of the host archives in the state bucket.
        objects: S3 objects that the host may read: bucket, slash, key; `*` stands for any ending.
        log_groups: CloudWatch log groups by writer: worker, model, host.
    """

    def __init__(self, settings: Settings) -> None:
        self.in_region = f"{settings.name_prefix}-{settings.aws_region}"
        self.secrets_prefix = f"/allora/{settings.worker_name}"
        self.parameters: tuple[str, ...] = tuple(
            f"{self.secrets_prefix}/{secret}"
            for secret in (*Secret, *(f"model/{name}" for name in settings.model_secrets))
        )
        self.wallet = f"{self.secrets_prefix}/{Secret.MNEMONIC}"
        self.log_group_prefix = _log_group_prefix(settings.worker_name)
        self.archive_prefix = ARCHIVE_PREFIX
        self.objects = [f"{settings.state_bucket}/{ARCHIVE_PREFIX}/*"]
        if model := settings.forge_object:
            self.objects.append(f"{model.bucket}/{model.key}")
        self.log_groups: Mapping[str, str] = {
            part: log_group(settings.worker_name, part) for part in ("worker", "model", "host")
        }


def log_group(worker_name: str, part: str) -> str:
    """Return the name of a worker's log group."""
    return f"{_log_group_prefix(worker_name)}/{part}"


def _log_group_prefix(worker_name: str) -> str:
    return f"/allora/{worker_name}"


class FleetNames:
    """Names of a fleet's resources.

    Attributes:
        fleet: Of the cluster, the security group and the network; begins the others' names.
        in_region: Base of names that are unique in an account: the dashboard's, the alarms'.
        log_group_prefix: Prefix of the log groups.
        log_groups: CloudWatch log groups by part: worker, model, images (their builds). The
            workers share them; the name of a log stream begins with the worker's.
        builder: The CodeBuild project.
        execution_role, builder_role: What the names of these roles begin with. They are short,
            because a role's name has at most 64 characters, 26 of them from Terraform.
        contexts_prefix: Prefix of the build contexts in the state bucket.
        parameter_arn: Prefix of the ARNs of SSM parameters, to which a parameter's name is added.
    """

    def __init__(self, settings: Settings) -> None:
        self.fleet = f"{settings.name_prefix}-fleet"
        self.in_region = f"{self.fleet}-{settings.aws_region}"
        self.log_group_prefix = FLEET_LOG_GROUP_PREFIX
        self.log_groups: Mapping[str, str] = {
            part: f"{FLEET_LOG_GROUP_PREFIX}/{part}" for part in ("worker", "model", "images")
        }
        self.builder = f"{self.fleet}-images"
        self.execution_role = f"{settings.name_prefix}-ecs"
        self.builder_role = f"{settings.name_prefix}-img"
        self.contexts_prefix = FLEET_CONTEXTS_PREFIX
        self.parameter_arn = (
            f"arn:{settings.partition}:ssm:{settings.aws_region}:{settings.aws_account_id}"
            ":parameter"
        )

    def family(self, worker_name: str) -> str:
        """Return the name of a worker's task definitions, which are of the region's account."""
        return f"{self.fleet}-{worker_name}"


def task_secrets(worker: FleetWorker) -> dict[str, str]:
    """Return the SSM parameters that ECS fetches before a task starts, by the secret's name.

    Without one of them it does not start.
    """
    names = [
        Secret.MNEMONIC,
        *([Secret.API_KEY] if worker.options.api_key else []),
        *(f"{MODEL_SECRET}{name}" for name in worker.settings.model_secrets),
    ]
    prefix = Names(worker.settings).secrets_prefix
    return {str(name): f"{prefix}/{name}" for name in names}


MODEL_SECRET: Final = "model/"  # noqa: S105 - the beginning of a name
"""Begins the name of a model's secret, before its variable."""

FLEET_LOG_GROUP_PREFIX: Final = "/allora-fleet"
"""No worker's own: those begin with `/allora/`."""
