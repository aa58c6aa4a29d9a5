"""The JSON document of `allora status --json`.

Its names and types are a contract; new names may come. `python -m allora_cli.status.document`
writes its schema, docs/status.schema.json.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, PlainSerializer

from allora_cli.aws.queries import Unknown
from allora_cli.host.protocol import HostEvent
from allora_cli.host.status_report import (
    Container,
    Fees,
    ForeignTransactions,
    HostStatus,
    ModelServer,
    Time,
    Topic,
    Verdict,
    Worker,
)
from allora_cli.status.alarms import Alarm
from allora_cli.status.collect import CostSoFar, Host, Status
from allora_cli.status.conditions import Condition, Diagnosis
from allora_cli.status.diagnosis import report_age
from allora_cli.status.history import LastDay, Windows
from allora_cli.status.screen import RUNBOOK, started_at
from shared.networks import NETWORKS, AlloraNetwork

SCHEMA = Path(__file__).parents[2] / "docs" / "status.schema.json"

Usd = Annotated[float, PlainSerializer(lambda usd: round(usd, 2), return_type=float)]


class HostPart(BaseModel):
    """The instance: from EC2, and what the host reports of itself."""

    instance_id: str
    type: str | None
    state: str | None
    zone: str | None
    address: str | None
    launched_at: Time | None
    up_since: Time | None
    system: str | None
    reboot_required: bool | None
    disk_used_percent: float | None
    memory_used_percent: float | None


class ReportPart(BaseModel):
    """The host's newest report."""

    at: Time
    age_seconds: int


class ProgressPart(BaseModel):
    """The host's newest event about its start."""

    at: Time
    text: str
    event: str
    state: str = Field(description="`started`, `done`, `waiting` or `failed`")
    step: int | None = Field(description="of the installation, from 1 on")
    of: int | None
    code: str | None = Field(description="why it waits or failed")
    needs_operator: bool


class ModelContainer(Container):
    """The model's container."""

    commit: str | None = Field(description="of `MODEL_REPO`")


class ContainersPart(BaseModel):
    """Both containers."""

    worker: Container | None
    model: ModelContainer | None


class VersionsPart(BaseModel):
    """What the worker runs as."""

    sdk: str | None
    network: str | None
    role: str | None


class WalletPart(BaseModel):
    """The worker's wallet."""

    address: str | None
    balance_allo: float | None
    explorer_url: str | None
    foreign_transactions: ForeignTransactions | None = Field(
        description="None before a worker of this release reports"
    )


class SubmissionPart(BaseModel):
    """What the chain accepted last."""

    nonce: int
    value: Any
    tx_hash: str | None
    explorer_url: str | None
    at: Time
    age_seconds: int


class TopicPart(BaseModel):
    """How the worker does in a topic."""

    topic_id: int
    state: str | None
    reason: str | None
    last_submission: SubmissionPart | None
    earning: Verdict | None = Field(description="None before a host of this release reports")


class DayPart(BaseModel):
    """Submission windows of the last 24 hours, of all topics."""

    submissions: int
    failures: int
    success_rate: float | None = Field(description="from 0 to 1")
    rewards_allo: float = Field(description="paid in these hours, to all topics together")


class HourPart(BaseModel):
    """Submission windows of an hour, of all topics."""

    begin: Time = Field(serialization_alias="from")
    submissions: int
    failures: int
    rewards_allo: float
    scores: dict[int, float] = Field(description="the last one by topic, of the first three")


class AlarmPart(BaseModel):
    """A CloudWatch alarm."""

    name: str
    state: str
    since: Time
    remedy: str
    description: str


class CostPart(BaseModel):
    """An estimate."""

    so_far_usd: Usd | None = Field(description="since this month began")
    monthly_usd: Usd | None
    is_estimate: bool = True


class UnknownPart(BaseModel):
    """Why AWS did not give a part."""

    trouble: str
    message: str


class Document(BaseModel):
    """Everything about a worker.

    Times are ISO 8601 in UTC. What is not known is null; `unknown` says why AWS did not give it.
    """

    at: Time
    healthy: bool
    finding: Condition = Field(
        description="`earning`, `submitting`, `waiting`, `running`, or a heading of "
        "docs/operations.md"
    )
    sentence: str
    remedy: str | None
    runbook: str | None
    worker_name: str
    region: str
    dashboard_url: str
    host: HostPart
    report: ReportPart | None
    progress: ProgressPart | None
    containers: ContainersPart
    versions: VersionsPart | None
    wallet: WalletPart | None
    fees: Fees | None
    model: ModelServer | None
    topics: list[TopicPart] = Field(description="worst first")
    last_24_hours: DayPart | None
    hours: list[HourPart] | None
    alarms: list[AlarmPart] | None
    cost: CostPart | None
    unknown: dict[str, UnknownPart] = Field(description="by part")

    def as_json(self) -> dict[str, Any]:
        """Return the document as `--json` prints it."""
        return self.model_dump(mode="json", by_alias=True)


def schema_text() -> str:
    """Return the document's JSON Schema."""
    return json.dumps(Document.model_json_schema(mode="serialization"), indent=2) + "\n"


def document_of(status: Status, verdict: Diagnosis) -> Document:
    """Return the document of a status and its verdict."""
    report = status.report if isinstance(status.report, HostStatus) else None
    settings = status.context.settings
    network = NETWORKS[settings.allora_network]
    return Document(
        at=status.at,
        healthy=verdict.is_healthy,
        finding=verdict.finding,
        sentence=verdict.sentence,
        remedy=verdict.remedy,
        runbook=None if verdict.is_healthy else f"{RUNBOOK}#{verdict.finding}",
        worker_name=settings.worker_name,
        region=settings.aws_region,
        dashboard_url=status.deployment.dashboard_url,
        host=_host(status, report),
        report=_report(status, report),
        progress=_progress(status),
        containers=_containers(report),
        topics=topic_parts(status.topics, network, status.at),
        last_24_hours=_last_day(status),
        hours=_hours(status),
        alarms=alarm_parts(status.alarms, f"{status.context.names.in_region}-"),
        cost=_cost(status),
        unknown={
            part: UnknownPart(trouble=answer.error.code, message=str(answer.error))
            for part, answer in status.unknown.items()
        },
        **parts_of_worker(status.worker, network),
    )


def parts_of_worker(worker: Worker | None, network: AlloraNetwork) -> dict[str, Any]:
    """Return the parts `versions`, `wallet`, `fees` and `model` of a document."""
    if worker is None:
        return dict.fromkeys(("versions", "wallet", "fees", "model"))
    return {
        "versions": VersionsPart(sdk=worker.version, network=worker.network, role=worker.role),
        "wallet": WalletPart(
            address=worker.address,
            balance_allo=worker.balance_allo,
            explorer_url=network.account_url(worker.address) if worker.address else None,
            foreign_transactions=worker.foreign_transactions,
        ),
        "fees": worker.fees,
        "model": worker.model,
    }


def _host(status: Status, report: HostStatus | None) -> HostPart:
    host = status.host if isinstance(status.host, Host) else None
    return HostPart(
        instance_id=status.deployment.instance_id,
        type=host and host.type,
        state=host and host.state,
        zone=host and host.zone,
        address=(host and host.address) or status.deployment.public_ip,
        launched_at=host and host.launched_at,
        up_since=started_at(status),
        system=report and report.system,
        reboot_required=report and report.reboot_required,
        disk_used_percent=report and report.disk_used,
        memory_used_percent=report and report.memory_used,
    )


def _report(status: Status, report: HostStatus | None) -> ReportPart | None:
    age = report_age(status)
    if report is None or age is None:
        return None
    return ReportPart(at=report.at, age_seconds=round(max(age.total_seconds(), 0)))


def _progress(status: Status) -> ProgressPart | None:
    event = status.progress
    if not isinstance(event, HostEvent):
        return None
    return ProgressPart(text=event.sentence, **event.model_dump(exclude={"message"}))


def _containers(report: HostStatus | None) -> ContainersPart:
    if report is None:
        return ContainersPart(worker=None, model=None)
    return ContainersPart(
        worker=report.container("worker"),
        model=ModelContainer(**vars(report.container("model")), commit=report.model_commit),
    )


def topic_parts(
    topics: Mapping[int, Topic | None], network: AlloraNetwork, now: datetime
) -> list[TopicPart]:
    """Return the parts of topics by id; None stands for a topic without a report."""
    return [_topic(id_, topic, network, now) for id_, topic in topics.items()]


def _topic(topic_id: int, topic: Topic | None, network: AlloraNetwork, now: datetime) -> TopicPart:
    last = topic.last_submission if topic else None
    return TopicPart(
        topic_id=topic_id,
        state=topic and topic.state,
        reason=topic and topic.reason,
        last_submission=last
        and SubmissionPart(
            nonce=last.nonce,
            value=last.number,
            tx_hash=last.tx_hash,
            explorer_url=network.transaction_url(last.tx_hash) if last.tx_hash else None,
            at=last.at,
            age_seconds=round(max((now - last.at).total_seconds(), 0)),
        ),
        earning=topic and topic.earning,
    )


def _last_day(status: Status) -> DayPart | None:
    if not isinstance(status.last_day, LastDay):
        return None
    day = status.last_day
    return DayPart(
        **_counts(day.windows),
        success_rate=day.windows.success_rate,
        rewards_allo=sum(day.rewards.values()),
    )


def _hours(status: Status) -> list[HourPart] | None:
    if not isinstance(status.last_day, LastDay):
        return None
    day = status.last_day
    return [
        HourPart(
            begin=at,
            **_counts(windows),
            rewards_allo=day.rewards.get(at, 0),
            scores={id_: scores[at] for id_, scores in day.scores.items() if at in scores},
        )
        for at, windows in day.hours.items()
    ]


def _counts(windows: Windows) -> dict[str, int]:
    return {"submissions": windows.submissions, "failures": windows.failures}


def alarm_parts(alarms: Sequence[Alarm] | Unknown, prefix: str) -> list[AlarmPart] | None:
    """Return the parts about alarms; None if they are not known.

    Args:
        alarms: of a host or a fleet.
        prefix: what their names in AWS begin with.
    """
    if isinstance(alarms, Unknown):
        return None
    return [
        AlarmPart(
            name=f"{prefix}{alarm.name}",
            state=alarm.state,
            since=alarm.since,
            remedy=alarm.remedy,
            description=alarm.description,
        )
        for alarm in alarms
    ]


def _cost(status: Status) -> CostPart | None:
    if not isinstance(status.cost, CostSoFar):
        return None
    return CostPart(so_far_usd=status.cost.so_far, monthly_usd=status.cost.monthly)


if __name__ == "__main__":
    SCHEMA.write_text(schema_text(), encoding="utf-8")
