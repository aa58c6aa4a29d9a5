"""What can go wrong for an operator, by name, and the command's exit codes."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class ExitCode(IntEnum):
    """How a command ended; scripts may rely on it (docs/operations.md#exit-codes)."""

    OK = 0
    PROBLEM = 1
    """Something that the printed sentence explains. Nothing more was changed."""
    USAGE = 2
    """The command does not exist, or takes no such option."""
    UNHEALTHY = 3
    """The command worked and found a ✘: in `doctor`, or in the worker's state."""
    TIMEOUT = 4
    """It waited as long as it was told to. What it waited for goes on."""
    INTERRUPTED = 130
    """Ctrl-C. The next run goes on where this one ended."""


class ErrorCode(StrEnum):
    """Each kind of error has an entry with its value as heading in docs/operations.md."""

    SETTINGS = "settings"
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
    BACKUP_FILE = "backup-file"
    BACKUP_PASSPHRASE = "backup-passphrase"  # noqa: S105
    NOT_DEPLOYED = "not-deployed"
    NOT_READY = "not-ready"
    DECLINED = "declined"
    TERRAFORM_FAILED = "terraform-failed"
    STATE_LOCKED = "state-locked"
    STATE_NOT_SAVED = "state-not-saved"
    CAPACITY = "capacity"
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
    """Something that the operator can put right; the message says how.

    Args:
        trouble: which kind it is.
        message: a sentence or two: what is wrong, with the names and values; what was changed, or
            that nothing was; and the remedy. Never a secret.
        exit_code: how the command ends.
    """

    def __init__(
        self, code: ErrorCode, message: str, *, exit_code: ExitCode = ExitCode.PROBLEM
    ) -> None:
        super().__init__(message)
        self.code = code
        self.exit_code = exit_code
