"""The JSON document of `allora status --json` for a fleet.

Its names and types are a contract; new names may come. `python -m allora_cli.fleet.document`
writes its schema, docs/fleet-status.schema.json.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from allora_cli.aws.queries import Unknown
from allora_cli.fleet.collect import FleetStatus, WorkerStatus
from allora_cli.fleet.diagnosis import is_healthy, judge_all
from allora_cli.fleet.reports import Report
from allora_cli.fleet.tasks import Task
from allora_cli.host.status_report import Fees, ModelServer, Time
from allora_cli.status.conditions import Condition, Diagnosis
from allora_cli.status.document import (
    AlarmPart,
    ReportPart,
    TopicPart,
    UnknownPart,
    VersionsPart,
    WalletPart,
    alarm_parts,
    parts_of_worker,
    topic_parts,
)
from allora_cli.status.screen import RUNBOOK
from shared.networks import NETWORKS

SCHEMA = Path(__file__).parents[2] / "docs" / "fleet-status.schema.json"


class TaskPart(BaseModel):
    """The task that runs, or is about to."""

    id: str
    state: str = Field(description="of ECS, such as `RUNNING`")
    created_at: Time
    started_at: Time | None


class StoppedPart(BaseModel):
    """The newest task that has ended, for an hour."""

    id: str
    at: Time | None
    code: str | None = Field(description="of ECS, such as `EssentialContainerExited`")
    reason: str | None
    exit_code: int | None = Field(description="of the container that ended it")


class WorkerPart(BaseModel):
    """A worker of the fleet."""

    worker_name: str
    healthy: bool
    finding: Condition = Field(
        description="`earning`, `submitting`, `waiting`, `running`, `paused`, or a heading of "
        "docs/operations.md"
    )
    sentence: str
    remedy: str | None
    runbook: str | None
    paused: bool = Field(description="in `fleet.toml`")
    last_submission_at: Time | None
    task: TaskPart | None
    stopped: StoppedPart | None
    report: ReportPart | None
    versions: VersionsPart | None
    wallet: WalletPart | None
    fees: Fees | None
    model: ModelServer | None
    topics: list[TopicPart] = Field(description="worst first")


class FleetDocument(BaseModel):
    """Everything about a fleet.

    Times are ISO 8601 in UTC. What is not known is null; `unknown` says why AWS did not give it.
    """

    at: Time
    healthy: bool = Field(description="of all workers together")
    fleet: str = Field(description="the name of the ECS cluster")
    region: str
    workers: list[WorkerPart] = Field(description="those that need attention first")
    not_in_file: list[str] = Field(description="running, and not in `fleet.toml`")
    alarms: list[AlarmPart] | None = Field(description="the fleet's; none with `--worker`")
    host_worker: str | None = Field(
        description="the single host's worker, if it is deployed as well; not among `workers`"
    )
    unknown: dict[str, UnknownPart] = Field(description="by part")

    def as_json(self) -> dict[str, Any]:
        """Return the document as `--json` prints it."""
        return self.model_dump(mode="json", by_alias=True)


def schema_text() -> str:
    """Return the document's JSON Schema."""
    return json.dumps(FleetDocument.model_json_schema(mode="serialization"), indent=2) + "\n"


def document_of(status: FleetStatus) -> FleetDocument:
    """Return the document of a fleet's status."""
    judged = judge_all(status)
    return FleetDocument(
        at=status.at,
        healthy=is_healthy(status),
        fleet=status.fleet.names.fleet,
        region=status.fleet.shared.settings.aws_region,
        workers=[_worker(worker, verdict) for worker, verdict in judged],
        not_in_file=list(status.not_in_file),
        alarms=alarm_parts(status.alarms, f"{status.fleet.names.in_region}-"),
        host_worker=status.host_worker,
        unknown={
            part: UnknownPart(trouble=unread.error.code, message=str(unread.error))
            for part, unread in _unknown(status)
        },
    )


def _unknown(status: FleetStatus) -> Iterator[tuple[str, Unknown]]:
    """Yield the parts that AWS does not give; all reports come from one question."""
    for worker in status.workers:
        if isinstance(worker.report, Unknown):
            yield "report", worker.report
            break
    if isinstance(status.alarms, Unknown):
        yield "alarms", status.alarms


def _worker(status: WorkerStatus, verdict: Diagnosis) -> WorkerPart:
    report = status.report if isinstance(status.report, Report) else None
    network = NETWORKS[status.worker.settings.allora_network]
    return WorkerPart(
        worker_name=status.worker.name,
        healthy=verdict.is_healthy,
        finding=verdict.finding,
        sentence=verdict.sentence,
        remedy=verdict.remedy,
        runbook=None if verdict.is_healthy else f"{RUNBOOK}#{verdict.finding}",
        paused=status.worker.options.paused,
        last_submission_at=status.last_submission_at,
        task=_task(status.runtime.task),
        stopped=_stopped(status.runtime.stopped),
        report=report
        and ReportPart(
            at=report.at, age_seconds=round(max((status.at - report.at).total_seconds(), 0))
        ),
        topics=topic_parts(status.topics, network, status.at),
        **parts_of_worker(report.worker if report else None, network),
    )


def _task(task: Task | None) -> TaskPart | None:
    if task is None:
        return None
    return TaskPart(
        id=task.id, state=task.state, created_at=task.created_at, started_at=task.started_at
    )


def _stopped(task: Task | None) -> StoppedPart | None:
    if task is None:
        return None
    return StoppedPart(
        id=task.id,
        at=task.stopped_at,
        code=task.stop_code,
        reason=task.reason,
        exit_code=task.exit_code,
    )


if __name__ == "__main__":
    SCHEMA.write_text(schema_text(), encoding="utf-8")
