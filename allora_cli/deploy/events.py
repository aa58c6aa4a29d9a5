"""Events and results of `allora deploy`, `update`, `destroy` and `restart`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from allora_cli.deploy.progress import Obstacle, Source, Step
from allora_cli.doctor.findings import Report
from allora_cli.errors import ErrorCode
from allora_cli.events import Event, EventCode
from allora_cli.host.log_events import Line
from allora_cli.host.log_format import text_of
from allora_cli.host.parts import Part
from allora_cli.orphans.orphan import Orphan
from allora_cli.terraform.plans import Change


@dataclass(frozen=True)
class Examined(Event):
    """Doctor's report."""

    code = EventCode.DOCTOR
    report: Report

    def fields(self) -> dict[str, Any]:
        """Return the document of `allora doctor --json`."""
        return self.report.as_dict()


@dataclass(frozen=True)
class SettingChanged(Event):
    """`allora update` gives a setting a value; before is None where it was not set."""

    code = EventCode.SETTING
    variable: str
    before: str | None
    after: str


@dataclass(frozen=True)
class StackPlanned(Event):
    """Terraform would change something in a stack."""

    code = EventCode.PLAN
    stack: str
    changes: tuple[Change, ...]

    def fields(self) -> dict[str, Any]:
        """Return the changes by address, without the resources' values."""
        return {"stack": self.stack, "changes": [each.as_dict() for each in self.changes]}


@dataclass(frozen=True)
class StateBucketMade(Event):
    """The bucket for Terraform's state was created; a line about each of its properties."""

    code = EventCode.STATE_BUCKET
    bucket: str
    properties: tuple[str, ...]


@dataclass(frozen=True)
class WalletUnfunded(Event):
    """The wallet cannot pay for transactions yet.

    Attributes:
        needed: in ALLO.
        faucet: where there are coins for nothing; None on a network where they have a price.
    """

    code = EventCode.WALLET_UNFUNDED
    address: str
    balance: str
    needed: str
    faucet: str | None


@dataclass(frozen=True)
class NoChanges(Event):
    """Terraform has nothing to change in any stack."""

    code = EventCode.NO_CHANGES


@dataclass(frozen=True)
class HostReplacement(Event):
    """The plan replaces the host."""

    code = EventCode.HOST_REPLACEMENT
    instance_id: str
    public_ip: str
    keeps_data_volume: bool


@dataclass(frozen=True)
class StaleLock(Event):
    """A run on this computer was killed, and its lock remains."""

    code = EventCode.STALE_LOCK
    stack: str
    who: str
    operation: str
    since: str


@dataclass(frozen=True)
class LockReleased(Event):
    """The lock of a killed run is gone."""

    code = EventCode.LOCK_RELEASED
    stack: str


@dataclass(frozen=True)
class OrphansFound(Event):
    """Something has this worker's tags or name, and is in no state.

    Attributes:
        orphans: each with its fate.
        bucket: where the states are.
        is_settled: whether this command deals with it.
    """

    code = EventCode.ORPHANS
    orphans: tuple[Orphan, ...]
    bucket: str
    is_settled: bool

    def fields(self) -> dict[str, Any]:
        """Return the orphans as `allora state orphans --json` does."""
        return {"orphans": [each.as_dict() for each in self.orphans], "settled": self.is_settled}


@dataclass(frozen=True)
class OrphanRemoved(Event):
    """An orphan is gone."""

    code = EventCode.ORPHAN_REMOVED
    what: str


@dataclass(frozen=True)
class NotDeployed(Event):
    """There is nothing to destroy.

    Attributes:
        worker_name: the single host's.
        bucket: where the states would be.
        fleet: its name; None without a `fleet.toml`.
    """

    code = EventCode.NOT_DEPLOYED
    worker_name: str
    bucket: str
    fleet: str | None = None


@dataclass(frozen=True)
class Leftover:
    """Something in AWS that outlives the stacks.

    Attributes:
        what: its name.
        cost: what it costs, in words.
        remedy: the command that removes it.
    """

    what: str
    cost: str
    remedy: str


@dataclass(frozen=True)
class ToRemove(Event):
    """What `--everything` removes beside the stacks."""

    code = EventCode.TO_REMOVE
    items: tuple[Leftover, ...]


@dataclass(frozen=True)
class Left(Event):
    """What stays after a destroy, on purpose."""

    code = EventCode.LEFT
    items: tuple[Leftover, ...]


class KeptBecause(StrEnum):
    """Why `--everything` has kept the state bucket."""

    OTHERS_USE_IT = "others-use-it"
    IN_USE = "in-use"


@dataclass(frozen=True)
class BucketKept(Event):
    """The state bucket stays, with the first few keys that are not this project's."""

    code = EventCode.BUCKET_KEPT
    bucket: str
    reason: KeptBecause
    keys: tuple[str, ...] = ()


# --- the wait for a host


@dataclass(frozen=True)
class RestartPlanned(Event):
    """What would be restarted, before the question: the service, or the host."""

    code = EventCode.RESTART
    worker_name: str
    instance_id: str
    reboot: bool


@dataclass(frozen=True)
class Restarted(Event):
    """The service or the host was restarted."""

    code = EventCode.RESTARTED
    instance_id: str
    reboot: bool


@dataclass(frozen=True)
class WaitStarted(Event):
    """A wait begins.

    Attributes:
        instance_id: the host.
        steps: what has to happen.
        embedded_aws: whether AWS is the embedded one, where no host ever boots.
    """

    code = EventCode.WAIT
    instance_id: str
    steps: tuple[Step, ...]
    embedded_aws: bool

    def fields(self) -> dict[str, Any]:
        """Return the steps by name."""
        return asdict(self) | {"steps": [step.name.lower() for step in self.steps]}


@dataclass(frozen=True)
class StepProgress:
    """A step of the host, whether it is done, and its seconds where they are of this wait."""

    step: Step
    is_done: bool
    seconds: float | None


@dataclass(frozen=True)
class HostProgress(Event):
    """How far the host is; yielded whenever that changes.

    Attributes:
        steps: all of them, in order.
        activity: the latest one; empty before the first one.
        obstacles: what is in the way.
    """

    code = EventCode.PROGRESS
    steps: tuple[StepProgress, ...]
    activity: str
    obstacles: tuple[Obstacle, ...]

    def fields(self) -> dict[str, Any]:
        """Return which steps are done by name, and the seconds that each one took."""
        done = {each.step.name.lower(): each.seconds for each in self.steps if each.is_done}
        return {"done": done, "obstacles": [each.source for each in self.obstacles]}


@dataclass(frozen=True)
class HostActivity(Event):
    """What the host or its worker does, in its own words."""

    code = EventCode.ACTIVITY
    at: datetime
    text: str


@dataclass(frozen=True)
class ObstacleMet(Event):
    """Something is in the way of the host."""

    code = EventCode.OBSTACLE
    source: Source
    reason: str
    text: str
    needs_operator: bool


@dataclass(frozen=True)
class ConsoleRead(Event):
    """The host sends nothing to CloudWatch: its console is read instead."""

    code = EventCode.CONSOLE


@dataclass(frozen=True)
class AwsRefused(Event):
    """AWS does not answer for the moment; the wait goes on."""

    code = EventCode.AWS_REFUSED
    error: ErrorCode
    message: str


@dataclass(frozen=True)
class LogExcerpt(Event):
    """The lines of a log that matter after a wait that has failed."""

    code = EventCode.LOG
    part: Part
    lines: tuple[Line, ...]

    def fields(self) -> dict[str, Any]:
        """Return the lines as texts."""
        lines = [text_of(self.part, line).plain for line in self.lines]
        return {"part": self.part, "lines": lines}


# --- results


@dataclass(frozen=True)
class Ready:
    """What the wait for a worker has found.

    Attributes:
        healthy: None of a worker image of the user's own, whose logs alone can tell.
        address: the worker's; None when it is unknown.
        explorer_url: the explorer's page of the address; likewise.
        seconds: that each step took, by its name.
    """

    healthy: bool | None
    address: str | None
    explorer_url: str | None
    seconds: Mapping[str, float | None]


@dataclass(frozen=True)
class WorkerResult(Event):
    """What `deploy`, `update` and `restart` come to.

    Attributes:
        ready: None when nothing was waited for.
    """

    code = EventCode.RESULT
    worker_name: str
    instance_id: str
    public_ip: str
    dashboard_url: str
    ready: Ready | None

    def fields(self) -> dict[str, Any]:
        """Return the result with the fields of `ready` beside its own."""
        fields = asdict(self)
        ready = fields.pop("ready")
        return fields | (ready or {"healthy": None})


@dataclass(frozen=True)
class DeployResult(WorkerResult):
    """What `allora deploy` comes to."""


@dataclass(frozen=True)
class UpdateResult(WorkerResult):
    """What `allora update` comes to.

    Attributes:
        changed: `from` and `to` of each variable.
        replaced: the old host's id; None when the host stayed.
    """

    changed: Mapping[str, Mapping[str, str | None]]
    replaced: str | None


@dataclass(frozen=True)
class RestartResult(WorkerResult):
    """What `allora restart` comes to."""


@dataclass(frozen=True)
class DestroyResult(Event):
    """What `allora destroy` comes to; with the fleet's name, if it was one."""

    code = EventCode.RESULT
    worker_name: str
    destroyed: bool
    left: tuple[Leftover, ...]
    fleet: str | None = None
