"""Parse the status that a host sends each minute (tests/samples/host_status.json is one)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AwareDatetime,
    BaseModel,
    Field,
    PlainSerializer,
    ValidationError,
    ValidatorFunctionWrapHandler,
    field_validator,
)

from allora_cli.host.log_events import Line
from allora_cli.host.protocol import parse
from containers.worker.allora_worker.event_names import ModelState

Time = Annotated[
    AwareDatetime, PlainSerializer(lambda at: at.isoformat(timespec="seconds"), return_type=str)
]
"""ISO 8601 in whole seconds; with its zone, so that times can be compared."""


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


class Topic(BaseModel):
    """How it goes in one topic."""

    topic_id: int
    state: str
    reason: str | None = None
    last_submission: Submission | None = None


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
    worker: Worker | None = None

    @field_validator("worker", mode="wrap")
    @classmethod
    def _none_where_it_is_another_program(
        cls, value: object, parse: ValidatorFunctionWrapHandler
    ) -> object:
        """An image of the operator's may answer to `/health` with anything."""
        try:
            return parse(value)
        except ValidationError:
            return None

    def container(self, name: str) -> Container:
        """Return the container `worker` or `model`, an empty one if there is none."""
        return self.containers.get(name) or Container()


def parse_status(line: Line) -> HostStatus | None:
    """Return the status in a line, or None if this release does not understand it."""
    return parse(HostStatus, line)
