"""Errors for operators, and the commands' exit codes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum


class ExitCode(IntEnum):
    """Exit codes of commands: a contract (docs/operations.md#exit-codes)."""

    OK = 0
    PROBLEM = 1
    """An error; the message explains it."""
    USAGE = 2
    """An unknown command or option."""
    UNHEALTHY = 3
    """The command worked, and found a ✘, an unhealthy worker, or a check that cannot be made."""
    TIMEOUT = 4
    """The wait reached its timeout; the work in AWS continues."""
    INTERRUPTED = 130
    """Ctrl-C; the next run continues."""


class ErrorCode(StrEnum):
    """Kinds of errors; docs/operations.md has an entry for each, with its value as heading."""

    USAGE = "usage"
    SETTINGS = "settings"
    SETTINGS_FILE = "settings-file"
    WORKER_NAME = "worker-name"
    NOT_IN_A_FLEET = "not-in-a-fleet"
    FLEET_FILE = "fleet-file"
    NO_CREDENTIALS = "no-credentials"
    CREDENTIALS_EXPIRED = "credentials-expired"
    CREDENTIALS_REFUSED = "credentials-refused"
    OTHER_ACCOUNT = "other-account"
    ACCESS_DENIED = "access-denied"
    REGION_DISABLED = "region-disabled"
    THROTTLED = "throttled"
    QUOTA = "quota"
    AWS_UNREACHABLE = "aws-unreachable"
    AWS_REFUSED = "aws-refused"
    BUCKET = "bucket"
    SECRET_NAME = "secret-name"  # noqa: S105 - a heading
    SECRET_VALUE = "secret-value"  # noqa: S105
    SECRET_EXISTS = "secret-exists"  # noqa: S105
    NO_WALLET = "no-wallet"
    WALLET_EXISTS = "wallet-exists"
    WALLET_WORDS = "wallet-words"
    WALLET_DAMAGED = "wallet-damaged"
    RECIPIENT = "recipient"
    AMOUNT = "amount"
    CHAIN = "chain"
    TRANSFER_FAILED = "transfer-failed"
    TRANSFER_UNKNOWN = "transfer-unknown"
    FORGE = "forge"
    BACKUP_FILE = "backup-file"
    BACKUP_PASSPHRASE = "backup-passphrase"  # noqa: S105
    NOT_DEPLOYED = "not-deployed"
    NOT_READY = "not-ready"
    DECLINED = "declined"
    TERRAFORM_FAILED = "terraform-failed"
    STATE_LOCKED = "state-locked"
    STATE_NOT_SAVED = "state-not-saved"
    STATE_DAMAGED = "state-damaged"
    STATE_NEWER = "state-newer"
    STATE_DELETED = "state-deleted"
    STATE_FOREIGN = "state-foreign"
    STATE_VERSION = "state-version"
    PARTLY_DEPLOYED = "partly-deployed"
    ORPHANS = "orphans"
    IMAGE_BUILD = "image-build"
    TASK_FAILED = "task-failed"
    CAPACITY = "capacity"
    VOLUME_SIZE = "volume-size"
    OTHER_HOST = "other-host"
    OTHER_REGION = "other-region"
    INSTANCE_DOWN = "instance-down"
    NEEDS_YOU = "needs-you"
    NOT_IN_TIME = "not-in-time"
    RESTART_FAILED = "restart-failed"
    SESSION_MANAGER = "session-manager"
    TYPED_OTHERWISE = "typed-otherwise"
    NOT_A_TERMINAL = "not-a-terminal"
    NOT_INSTALLED = "not-installed"
    SYNTH = "synth"
    OUTPUT_FOLDER = "output-folder"


class OperatorError(Exception):
    """An error that the operator can fix.

    Its message has a sentence or two: the problem with names and values, what was changed, and the
    fix. Never a secret.

    Attributes:
        facts: what scripts may need of it, for JSON.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        exit_code: ExitCode = ExitCode.PROBLEM,
        facts: Mapping[str, str | int] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.exit_code = exit_code
        self.facts = dict(facts or {})
