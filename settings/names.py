"""AWS resource names derived from the settings: a contract (docs/architecture.md)."""

from __future__ import annotations

from collections.abc import Mapping

from containers.worker.allora_worker.contract import Secret
from settings import Settings
from shared.stacks import ARCHIVE_PREFIX


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
