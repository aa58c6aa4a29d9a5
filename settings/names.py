"""Names of resources in AWS that follow from the settings: a contract (docs/architecture.md)."""

from __future__ import annotations

from collections.abc import Mapping

from containers.worker.allora_worker.contract import Secret
from settings import Settings
from shared.stacks import ARCHIVE_PREFIX


class Names:
    """Names that several parts of the project use.

    Attributes:
        in_region: for what must be unique in an account, whatever the region: the dashboard.
        secrets_prefix: what the names of the worker's SSM parameters begin with.
        parameters: the SSM parameters that the host may read: the wallet's mnemonic, the API key,
            the token that consumers present, and the model server's secret variables.
        wallet: the SSM parameter with the wallet's mnemonic, one of `parameters`.
        log_group_prefix: what the names of the log groups begin with.
        archive_prefix: what the keys of the host's archives begin with, in the state bucket.
        log_groups: the CloudWatch log groups by who writes to them: worker, model, and the host.
    """

    def __init__(self, settings: Settings) -> None:
        self.in_region = f"{settings.name_prefix}-{settings.aws_region}"
        self.secrets_prefix = f"/allora/{settings.worker_name}"
        self.parameters: tuple[str, ...] = tuple(
            f"{self.secrets_prefix}/{secret}"
            for secret in (*Secret, *(f"model/{name}" for name in settings.model_secrets))
        )
        self.wallet = f"{self.secrets_prefix}/{Secret.MNEMONIC}"
        self.log_group_prefix = f"/allora/{settings.worker_name}"
        self.archive_prefix = ARCHIVE_PREFIX
        self.log_groups: Mapping[str, str] = {
            part: f"{self.log_group_prefix}/{part}" for part in ("worker", "model", "host")
        }
