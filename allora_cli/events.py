"""Events that workflows yield, and the names of all of them.

A workflow (`deploy`, `update`, `destroy`, `restart`) never prints: it yields events and returns its
result, which is an event too. A renderer shows them (`allora_cli/deploy/renderers.py`).
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, ClassVar, TypeVar


class EventCode(StrEnum):
    """The field `event` of each JSON line (docs/operations.md#events)."""

    WORKING = "working"
    DOCTOR = "doctor"
    SETTING = "setting"
    PLAN = "plan"
    SUMMARY = "summary"
    STATE_BUCKET = "state-bucket"
    WALLET_UNFUNDED = "wallet-unfunded"
    NO_CHANGES = "no-changes"
    HOST_REPLACEMENT = "host-replacement"
    ORPHANS = "orphans"
    ORPHAN_REMOVED = "orphan-removed"
    STALE_LOCK = "stale-lock"
    LOCK_RELEASED = "lock-released"
    IMAGES_MISSING = "images-missing"
    BUILD_STARTED = "build-started"
    BUILD_PHASE = "build-phase"
    BUILDS_WAIT = "builds-wait"
    BUILD_FAILED = "build-failed"
    IMAGE_BUILT = "image-built"
    RESOURCE = "resource"
    TERRAFORM = "terraform"
    APPLIED = "applied"
    NOT_DEPLOYED = "not-deployed"
    TO_REMOVE = "to-remove"
    LEFT = "left"
    BUCKET_KEPT = "bucket-kept"
    WAIT = "wait"
    PROGRESS = "progress"
    ACTIVITY = "activity"
    OBSTACLE = "obstacle"
    CONSOLE = "console"
    AWS_REFUSED = "aws-refused"
    LOG = "log"
    FLEET_RESTART = "fleet-restart"
    FLEET_RESTARTED = "fleet-restarted"
    FLEET_WAIT = "fleet-wait"
    FLEET_PROGRESS = "fleet-progress"
    TASK_STOPPED = "task-stopped"
    RESTART = "restart"
    RESTARTED = "restarted"
    RESULT = "result"


@dataclass(frozen=True)
class Event:
    """Something that happened in a workflow."""

    code: ClassVar[EventCode]

    def as_dict(self) -> dict[str, Any]:
        """Return the event as one JSON object."""
        return {"event": self.code, **self.fields()}

    def fields(self) -> dict[str, Any]:
        """Return what the JSON object has beside the code."""
        return asdict(self)


Returned = TypeVar("Returned")
Workflow = Generator[Event, None, Returned]


class Phase(StrEnum):
    """Work that takes seconds and has nothing to show before its end."""

    DOCTOR = "doctor"
    SYNTH = "synth"
    PLAN = "plan"
    REMOVE = "remove"
    RESTART = "restart"
    RESTART_TASKS = "restart-tasks"


@dataclass(frozen=True)
class Working(Event):
    """A phase begins; it ends with the next event."""

    code = EventCode.WORKING
    phase: Phase
