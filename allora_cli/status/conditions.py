"""The condition that a worker is in, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Condition(StrEnum):
    """A worker's condition; `status-…` are headings of docs/operations.md."""

    EARNING = "earning"
    SUBMITTING = "submitting"
    """The network has not judged it yet."""
    WAITING = "waiting"
    """For its first window."""
    RUNNING = "running"
    """Which is all that can be known of a worker that is not this project's."""
    HOST_GONE = "status-host-gone"
    HOST_STOPPED = "status-host-stopped"
    HOST_STARTING = "status-host-starting"
    SETTING_UP = "status-setting-up"
    BOOT_FAILED = "status-boot-failed"
    EMBEDDED_AWS = "status-embedded-aws"
    NO_REPORT = "status-no-report"
    WORKER_DOWN = "status-worker-down"
    WORKER_SILENT = "status-worker-silent"
    REFUSED = "status-refused"
    MODEL_DOWN = "status-model-down"
    MODEL_FAILING = "status-model-failing"
    CHAIN_UNAVAILABLE = "status-chain-unavailable"
    FEE_REFUSED = "status-fee-refused"
    WINDOWS_LOST = "status-windows-lost"
    WALLET_SHARED = "status-wallet-shared"
    REGISTERING = "status-registering"
    NOT_WHITELISTED = "status-not-whitelisted"
    TOPIC_INACTIVE = "status-topic-inactive"
    NOT_ADMITTED = "status-not-admitted"
    NOT_IN_ACTIVE_SET = "status-not-in-active-set"
    NO_REWARD = "status-no-reward"
    BALANCE_LOW = "status-balance-low"
    ALARM = "status-alarm"
    PAUSED = "paused"
    """As `fleet.toml` says."""
    NOT_AS_IN_FILE = "status-not-as-in-file"
    TASK_STOPPED = "status-task-stopped"
    TASK_STARTING = "status-task-starting"
    UNKNOWN = "status-unknown"


@dataclass(frozen=True)
class Diagnosis:
    """The answer to "is it earning?".

    Attributes:
        finding: in one word.
        sentence: in one sentence.
        remedy: what to do; None when there is nothing.
    """

    finding: Condition
    sentence: str
    remedy: str | None = None

    @property
    def is_healthy(self) -> bool:
        """Whether nothing needs attention."""
        return self.finding in _GOOD


_GOOD: Final = frozenset(
    {
        *(Condition.EARNING, Condition.SUBMITTING, Condition.WAITING, Condition.RUNNING),
        Condition.PAUSED,
    }
)
