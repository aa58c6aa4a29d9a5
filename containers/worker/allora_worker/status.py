"""The worker's status, for `/health` and the metrics."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from . import reports
from .errors import FailureKind, RefusedError, SdkRefusedError, one_line
from .event_names import Event, ModelState, TopicState
from .fees import Fees
from .labels import Labels
from .model import ModelError, ModelFailureKind
from .own_sequence import OwnSequence
from .verdict import Verdict


@dataclass(frozen=True)
class Submission:
    """A submission that the chain accepted."""

    nonce: int
    value: object
    tx_hash: str
    at: datetime


@dataclass
class TopicStatus:
    """The status of the work in one topic."""

    topic_id: int
    is_registered: bool = False
    metadata: str | None = None
    """The topic's name on the chain; None until the chain was asked."""
    epoch_blocks: int | None = None
    """Blocks between the openings of two windows; None until the chain was asked."""
    labels: Labels | None = None
    """What a submission has a number for each of; None for a single number."""
    refused_by: RefusedError | None = None
    """Why the network refuses the worker."""
    chain_problem: str | None = None
    """Why the chain's endpoint does not work."""
    fee_problem: str | None = None
    """Why the wallet does not sign the registration."""
    window_problem: str | None = None
    """Why the last window was lost, or why the open one may be."""
    value_problem: str | None = None
    """Why the model's newest value is off by orders of magnitude."""
    open_windows: int = 0
    """Windows that are worked in."""
    last_submission: Submission | None = None
    submissions: int = 0
    unjudged: dict[int, Decimal | None] = field(default_factory=dict)
    """Accepted submissions by nonce, until `take_unjudged`; None instead of several numbers."""
    failures: Counter[FailureKind] = field(default_factory=Counter)
    """Lost windows."""
    succeeded_at: float = field(default_factory=time.monotonic)
    """When the chain last accepted a submission; the start when that is unknown."""
    verdict: Verdict = field(default_factory=Verdict)
    """What the network makes of the submissions."""

    @property
    def refusal(self) -> str | None:
        """Why the network refuses the worker."""
        return None if self.refused_by is None else one_line(self.refused_by)

    @property
    def is_sdk_refused(self) -> bool:
        """Whether the network refuses the SDK's version of its protocol."""
        return isinstance(self.refused_by, SdkRefusedError)

    @property
    def state(self) -> TopicState:
        """The most serious state that applies."""
        if self.refused_by:
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
        """The most serious problem."""
        return self.refusal or self.chain_problem or self.fee_problem or self.window_problem

    @property
    def is_fine(self) -> bool:
        """Whether the worker is registered in the topic, and nothing is wrong."""
        return self.is_registered and self.reason is None

    @property
    def seconds_since_success(self) -> float:
        """Seconds since the chain last accepted a submission, or since the start."""
        return time.monotonic() - self.succeeded_at

    def prepared(self) -> None:
        """Record that the worker can submit in the topic."""
        self.is_registered = True
        self.refused_by = self.chain_problem = self.fee_problem = None

    def refuse(self, error: RefusedError) -> None:
        """Record that the network refuses the worker; report it when the reason is new."""
        reason = one_line(error)
        if self.refusal != reason:
            message = f"topic {self.topic_id}: refused: {reason}"
            reports.error(Event.REFUSED, message, topic=self.topic_id)
        self.refused_by, self.chain_problem = error, None

    def succeeded(self) -> None:
        """Record that the chain has the wallet's submission for a window."""
        self.window_problem = None
        self.succeeded_at = time.monotonic()

    def succeeded_ago(self, seconds: float) -> None:
        """Record a success of the process before this one."""
        self.succeeded_at = time.monotonic() - seconds

    def accepted(self, submission: Submission) -> None:
        """Record that the chain accepted a submission."""
        self.succeeded()
        self.submissions += 1
        self.last_submission = submission
        value = submission.value
        self.unjudged[submission.nonce] = Decimal(value) if isinstance(value, str) else None

    def take_unjudged(self) -> dict[int, Decimal | None]:
        """Return the submissions since the last call."""
        unjudged, self.unjudged = self.unjudged, {}
        return unjudged

    def lost(self, kind: FailureKind, reason: str) -> None:
        """Record a lost window."""
        self.window_problem = reason
        self.failures[kind] += 1

    def report(self) -> dict[str, object]:
        """Return the topic's part of `/health`."""
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
            "value_problem": self.value_problem,
            "seconds_since_success": round(self.seconds_since_success, 1),
            "earning": self.verdict.report(),
        }


@dataclass
class ModelStatus:
    """The status of the model server."""

    state: ModelState = ModelState.UNKNOWN
    reason: str | None = None
    latency_ms: float | None = None
    failures: Counter[ModelFailureKind] = field(default_factory=Counter)

    def answered(self, milliseconds: float) -> None:
        """Record an answer."""
        if self.state is not ModelState.OK:
            reports.info(Event.MODEL_WORKS, f"the model server answers, in {milliseconds:.0f} ms")
        self.state, self.reason = ModelState.OK, None
        self.latency_ms = round(milliseconds, 1)

    def failed(self, error: ModelError) -> None:
        """Record a failure; report it when the reason is new."""
        reason = one_line(error)
        if self.reason != reason:
            message = f"the model server: {reason}; it is asked again"
            reports.warning(Event.MODEL_FAILED, message, kind=error.kind)
        self.state, self.reason = ModelState.FAILING, reason
        self.failures[error.kind] += 1

    def report(self) -> dict[str, object]:
        """Return the model server's part of `/health`."""
        return {
            "state": self.state,
            "latency_ms": self.latency_ms,
            "reason": self.reason,
            "failures": dict(self.failures),
        }


@dataclass
class Status:
    """The status of the worker."""

    version: str
    """Of the SDK."""
    network: str
    role: str
    address: str
    topics: dict[int, TopicStatus]
    fees: Fees
    endpoint: str
    """The chain's gRPC endpoint in use: scheme, host and port."""
    model: ModelStatus = field(default_factory=ModelStatus)
    own_sequence: OwnSequence = field(default_factory=OwnSequence)
    balance_allo: float | None = None
    started_at: float = field(default_factory=time.monotonic)

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is wrong in at least one topic."""
        return any(topic.is_fine for topic in self.topics.values())

    @property
    def refusal(self) -> str | None:
        """Why the network refuses the worker in every topic; None unless it does."""
        if all(topic.refused_by for topic in self.topics.values()):
            return next(iter(self.topics.values())).refusal
        return None

    def report(self) -> dict[str, object]:
        """Return the document of `/health`; nothing in it is secret."""
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
            "endpoint": self.endpoint,
            "balance_allo": self.balance_allo,
            "fees": self.fees.report(),
            "foreign_transactions": self.own_sequence.report(),
            "uptime_seconds": round(time.monotonic() - self.started_at, 1),
            "topics": [topic.report() for topic in self.topics.values()],
            "model": self.model.report(),
        }
