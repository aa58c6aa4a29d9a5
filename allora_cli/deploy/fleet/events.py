"""Events and results of the deployment of a fleet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from allora_cli.events import Event, EventCode


class WorkerState(StrEnum):
    """How a worker of a fleet is, as far as ECS knows."""

    RUNNING = "running"
    PAUSED = "paused"
    STARTING = "starting"
    """Its service does not run yet what it is to run."""


@dataclass(frozen=True)
class FleetRestartPlanned(Event):
    """Which workers would be restarted, before the question."""

    code = EventCode.FLEET_RESTART
    fleet: str
    workers: tuple[str, ...]


@dataclass(frozen=True)
class FleetRestarted(Event):
    """ECS has been told to replace the tasks of these workers."""

    code = EventCode.FLEET_RESTARTED
    fleet: str
    workers: tuple[str, ...]


@dataclass(frozen=True)
class FleetWaitStarted(Event):
    """A wait for the workers of a fleet begins."""

    code = EventCode.FLEET_WAIT
    fleet: str
    workers: tuple[str, ...]


@dataclass(frozen=True)
class FleetProgress(Event):
    """How many workers are as they are to be, and which are not yet."""

    code = EventCode.FLEET_PROGRESS
    done: int
    waiting: tuple[str, ...]


@dataclass(frozen=True)
class TaskStopped(Event):
    """A worker's task has ended against our will.

    Attributes:
        stop_code: ECS's.
        reason: likewise, in words.
        remedies: commands that store what is missing.
    """

    code = EventCode.TASK_STOPPED
    worker: str
    stop_code: str
    reason: str
    remedies: tuple[str, ...]


@dataclass(frozen=True)
class FleetResult(Event):
    """What `allora deploy` comes to with a fleet.

    Attributes:
        workers: how each worker is.
        instance_id: the single host's, where there is one as well.
    """

    code = EventCode.RESULT
    fleet: str
    workers: Mapping[str, WorkerState]
    instance_id: str | None


@dataclass(frozen=True)
class FleetUpdateResult(FleetResult):
    """What `allora update` comes to with a worker of a fleet.

    Attributes:
        changed: `from` and `to` of each variable.
    """

    changed: Mapping[str, Mapping[str, str | None]]
