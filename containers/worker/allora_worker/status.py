"""What the worker knows about itself, for `/health` and the metrics."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from . import reports
from .errors import FailureKind, one_line
from .event_names import Event, ModelState, TopicState
from .fees import Fees
from .model import ModelError, ModelFailureKind


@dataclass(frozen=True)
class Submission:
    """What the chain accepted."""

    nonce: int
    value: object
    tx_hash: str
    at: datetime


@dataclass
class TopicStatus:
    """How it goes in one topic.

    Args:
        topic_id: Which one.
        is_registered: Whether the chain knows the wallet in the topic, as far as we know.
        epoch_blocks: Between the openings of two windows; None until the chain has told.
        refusal: Why the network refuses the worker.
        is_sdk_refused: Whether it does because it speaks another protocol than the SDK.
        chain_problem: Why the chain's endpoint does not work.
        fee_problem: Why the wallet does not sign the registration.
        window_problem: Why the last window was lost, or what is wrong in the one that is open.
        open_windows: How many windows are being worked on.
        last_submission: What the chain accepted last.
        submissions: How many the chain accepted.
        failures: Lost windows by the reason.
        succeeded_at: When the chain last accepted a submission; the start, when none is known.
    """

    topic_id: int
    is_registered: bool = False
    epoch_blocks: int | None = None
    refusal: str | None = None
    is_sdk_refused: bool = False
    chain_problem: str | None = None
    fee_problem: str | None = None
    window_problem: str | None = None
    open_windows: int = 0
    last_submission: Submission | None = None
    submissions: int = 0
    failures: Counter[FailureKind] = field(default_factory=Counter)
    succeeded_at: float = field(default_factory=time.monotonic)

    @property
    def state(self) -> TopicState:
        """All of it in one word."""
        if self.refusal:
            return TopicState.REFUSED
        if self.chain_problem:
            return TopicState.CHAIN_UNAVAILABLE
        if not self.is_registered:
            return TopicState.STARTING
        if self.open_windows:
            return TopicState.WORKING
        return TopicState.FAILING if self.window_problem else TopicState.WAITING

    @property
    def reason(self) -> str | None:
        """Why the state is not a better one."""
        return self.refusal or self.chain_problem or self.fee_problem or self.window_problem

    @property
    def is_fine(self) -> bool:
        """Whether the topic works or waits without a problem."""
        return self.is_registered and self.reason is None

    def succeeded(self) -> None:
        """Takes note of a window that was worked on with success."""
        self.window_problem = None
        self.succeeded_at = time.monotonic()

    def succeeded_ago(self, seconds: float) -> None:
        """Takes note of a success of the process before this one."""
        self.succeeded_at = time.monotonic() - seconds

    def lost(self, kind: FailureKind, reason: str) -> None:
        """Takes note of a lost window."""
        self.window_problem = reason
        self.failures[kind] += 1

    @property
    def seconds_since_success(self) -> float:
        """Since the chain last accepted a submission, or since the start."""
        return time.monotonic() - self.succeeded_at

    def report(self) -> dict[str, object]:
        """For `/health`."""
        last = self.last_submission
        return {
            "topic_id": self.topic_id,
            "state": self.state,
            "reason": self.reason,
            "last_submission": last
            and {
                "nonce": last.nonce,
                "value": last.value,
                "tx_hash": last.tx_hash,
                "at": last.at.isoformat(timespec="seconds"),
            },
            "submissions": self.submissions,
            "failures": dict(self.failures),
            "seconds_since_success": round(self.seconds_since_success, 1),
        }


@dataclass
class ModelStatus:
    """How the model server does."""

    state: ModelState = ModelState.UNKNOWN
    reason: str | None = None
    latency_ms: float | None = None
    failures: Counter[ModelFailureKind] = field(default_factory=Counter)
    unreported_failures: int = 0
    """Since somebody set this to 0, for a metric."""

    def answered(self, milliseconds: float) -> None:
        """Takes note of an answer."""
        if self.state is not ModelState.OK:
            reports.info(Event.MODEL_WORKS, f"the model server answers, in {milliseconds:.0f} ms")
        self.state, self.reason = ModelState.OK, None
        self.latency_ms = round(milliseconds, 1)

    def failed(self, error: ModelError) -> None:
        """Takes note of a failure; reports it, unless it is the same as the last time."""
        reason = one_line(error)
        if self.reason != reason:
            message = f"the model server: {reason}; it is asked again"
            reports.warning(Event.MODEL_FAILED, message, kind=error.kind)
        self.state, self.reason = ModelState.FAILING, reason
        self.failures[error.kind] += 1
        self.unreported_failures += 1

    def report(self) -> dict[str, object]:
        """For `/health`."""
        return {
            "state": self.state,
            "latency_ms": self.latency_ms,
            "reason": self.reason,
            "failures": dict(self.failures),
        }


@dataclass
class Status:
    """The whole worker."""

    version: str
    """Of the SDK."""
    network: str
    role: str
    address: str
    topics: dict[int, TopicStatus]
    fees: Fees
    model: ModelStatus = field(default_factory=ModelStatus)
    balance_allo: float | None = None
    started_at: float = field(default_factory=time.monotonic)

    @property
    def is_healthy(self) -> bool:
        """Whether at least one topic works or waits without a problem."""
        return any(topic.is_fine for topic in self.topics.values())

    @property
    def refusal(self) -> str | None:
        """Why the network refuses the worker in every topic; None unless it does."""
        if all(topic.state is TopicState.REFUSED for topic in self.topics.values()):
            return next(iter(self.topics.values())).reason
        return None

    def report(self) -> dict[str, object]:
        """For `/health`; nothing in it is secret."""
        reasons = [
            f"topic {topic.topic_id}: {topic.reason or topic.state}"
            for topic in self.topics.values()
            if not topic.is_fine
        ]
        return {
            "status": "healthy" if self.is_healthy else "unhealthy",
            "reason": "; ".join(reasons) or None,
            "version": self.version,
            "network": self.network,
            "role": self.role,
            "address": self.address,
            "balance_allo": self.balance_allo,
            "fees": self.fees.report(),
            "uptime_seconds": round(time.monotonic() - self.started_at, 1),
            "topics": [topic.report() for topic in self.topics.values()],
            "model": self.model.report(),
        }


def now() -> datetime:
    """This moment, for people."""
    return datetime.now(UTC)
