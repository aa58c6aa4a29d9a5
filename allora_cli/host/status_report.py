"""Parse the status that a host sends each minute (tests/samples/host_status.json is one)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AwareDatetime,
    BaseModel,
    Field,
    PlainSerializer,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from allora_cli.host.log_events import Line
from allora_cli.host.protocol import parse
from containers.worker.allora_worker.event_names import Earning, ModelState

Time = Annotated[
    AwareDatetime, PlainSerializer(lambda at: at.isoformat(timespec="seconds"), return_type=str)
]
"""ISO 8601 in whole seconds; with its zone, so that times can be compared."""


def _or_none(value: object, parse: ValidatorFunctionWrapHandler) -> object:
    try:
        return parse(value)
    except ValidationError:
        return None


_IF_UNDERSTOOD = WrapValidator(_or_none)
"""None for what this release does not understand: it is of a newer one, or of another program."""

ExactDecimal = Annotated[Decimal, Field(allow_inf_nan=False, max_digits=80)]
"""A text in JSON, with all the chain's digits (34 at most)."""


class Container(BaseModel):
    """A container, as Docker knows it; without a state when there is none."""

    state: str | None = None
    health: str | None = None
    started_at: Time | None = None
    restarts: int | None = None
    image: str | None = None

    @property
    def is_well(self) -> bool:
        """Whether it runs, and its health check, if it has one, does not say otherwise."""
        return self.state == "running" and self.health != "unhealthy"


class Submission(BaseModel):
    """What the chain accepted last in a topic."""

    nonce: int
    value: Any = None
    tx_hash: str | None = None
    at: AwareDatetime

    @property
    def number(self) -> object:
        """The value, as a number if it is one; the chain has it with more digits."""
        try:
            return float(self.value)
        except (TypeError, ValueError):
            return self.value


class Verdict(BaseModel):
    """The network's verdict on what the worker submits in a topic; null is unknown.

    Attributes:
        reason: why it is so, in a sentence for people.
        nonce: that the state is about.
        closed_nonce: the newest whose window is over; `value` and `is_admitted` are of it.
        settled_nonce: the newest that was scored; rank, reward and losses are of it.
        is_admitted: whether the network has the submission.
        score: the moving average by which the active set is chosen.
        threshold: the lowest score in the active set.
        ranked: how many were ranked.
        reward_fraction: share of the topic's reward for this role, from 0 to 1.
        loss: log10, as the reputers state it; so are the other two.
        network_loss: of the network's combined inference.
        naive_loss: of the network's inference without forecasters.
    """

    state: Earning
    reason: str | None = None
    nonce: int | None = None
    closed_nonce: int | None = None
    settled_nonce: int | None = None
    is_admitted: bool | None = None
    score: ExactDecimal | None = None
    threshold: ExactDecimal | None = None
    rank: int | None = None
    ranked: int | None = None
    reward_fraction: ExactDecimal | None = None
    reward_allo: ExactDecimal | None = None
    rewards_allo_a_day: ExactDecimal | None = None
    loss: ExactDecimal | None = None
    network_loss: ExactDecimal | None = None
    naive_loss: ExactDecimal | None = None
    value: str | None = None
    network_value: str | None = None
    judged_at: Time | None = None


class Topic(BaseModel):
    """How it goes in one topic.

    Attributes:
        earning: None from a host of an older release.
    """

    topic_id: int
    state: str
    reason: str | None = None
    value_problem: str | None = None
    """Why the model's newest value is off by orders of magnitude."""
    last_submission: Submission | None = None
    earning: Annotated[Verdict | None, _IF_UNDERSTOOD] = None


class ModelServer(BaseModel):
    """What the worker thinks of the model server."""

    state: str = ModelState.UNKNOWN
    reason: str | None = None
    latency_ms: float | None = None

    @property
    def fails(self) -> bool:
        """Whether it failed the last request."""
        return self.state == ModelState.FAILING


class Fees(BaseModel):
    """What the wallet pays, and what it may."""

    last_24_hours_allo: float
    max_fee_allo: float
    max_daily_fees_allo: float
    refusal: str | None = None
    """Why it did not sign the last transaction."""


class ForeignTransactions(BaseModel):
    """How often the worker found that somebody else had sent with its wallet."""

    last_24_hours: int
    last_at: Time | None = None


class Worker(BaseModel):
    """What the worker answers to `/health`."""

    status: str
    reason: str | None = None
    version: str | None = None
    network: str | None = None
    role: str | None = None
    address: str | None = None
    balance_allo: float | None = None
    fees: Fees | None = None
    foreign_transactions: Annotated[ForeignTransactions | None, _IF_UNDERSTOOD] = None
    topics: list[Topic] = Field(default_factory=list)
    model: ModelServer = Field(default_factory=ModelServer)

    @property
    def is_healthy(self) -> bool:
        """Whether at least one topic works or waits without a problem."""
        return self.status == "healthy"


class HostStatus(BaseModel):
    """What a host reports of itself.

    Attributes:
        at: when it was sent.
        worker: None when there is none, or it does not answer.
    """

    at: datetime
    uptime_seconds: float | None = None
    system: str | None = None
    reboot_required: bool = False
    disk_used: float | None = Field(default=None, alias="DiskUsed")
    memory_used: float | None = Field(default=None, alias="MemoryUsed")
    model_commit: str | None = None
    containers: dict[str, Container | None] = Field(default_factory=dict)
    worker: Annotated[Worker | None, _IF_UNDERSTOOD] = None

    def container(self, name: str) -> Container:
        """Return the container `worker` or `model`, an empty one if there is none."""
        return self.containers.get(name) or Container()


def parse_status(line: Line) -> HostStatus | None:
    """Return the status in a line, or None if this release does not understand it."""
    return parse(HostStatus, line)
