"""Collect a worker's status from Terraform's state, EC2 and CloudWatch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from allora_cli.aws.instances import find_instance
from allora_cli.aws.price_list import open_price_list
from allora_cli.aws.prices import Cost, cost_so_far, monthly_cost
from allora_cli.aws.queries import PATIENCE, Question, Unknown
from allora_cli.aws.session import is_embedded, one_sentence_errors
from allora_cli.context import Context
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.host import log_events
from allora_cli.host.protocol import HostEvent, last_host_event
from allora_cli.host.status_report import HostStatus, Topic, Worker, parse_status
from allora_cli.status import verdicts
from allora_cli.status.alarms import Alarm, list_alarms
from allora_cli.status.history import LastDay, read_last_day
from allora_cli.terraform.deployment import Deployment, require_deployment
from shared.alarm_remedies import REMEDIES

_REMEMBERED: Final = timedelta(days=14)
"""How long ago a host may have reported for us to say when."""


@dataclass(frozen=True)
class Host:
    """The instance, as EC2 knows it.

    Attributes:
        launched_at: or started again, after a stop.
        state_reason: why it is in its state, in AWS's words.
    """

    type: str
    state: str
    zone: str
    address: str | None
    launched_at: datetime
    state_reason: str | None


@dataclass(frozen=True)
class CostSoFar:
    """An estimate in USD.

    Attributes:
        so_far: since this month began; None when a price is unknown.
        monthly: of a whole month; likewise.
    """

    so_far: float | None
    monthly: float | None


@dataclass(frozen=True)
class Status:
    """Everything; a part that AWS does not give is `Unknown`.

    Attributes:
        at: when it was asked for.
        host: None when EC2 does not know the instance any more.
        report: the newest status that the host has sent; None when there is none.
        progress: the host's newest event.
        is_embedded: whether AWS is the embedded one, where no host boots.
    """

    at: datetime
    context: Context
    deployment: Deployment
    host: Host | Unknown | None
    report: HostStatus | Unknown | None
    progress: HostEvent | Unknown | None
    last_day: LastDay | Unknown
    alarms: list[Alarm] | Unknown
    cost: CostSoFar | Unknown
    is_embedded: bool = False

    @property
    def worker(self) -> Worker | None:
        """Return what the worker says in the report; None if it does not."""
        return self.report.worker if isinstance(self.report, HostStatus) else None

    @property
    def topics(self) -> dict[int, Topic | None]:
        """Return the topics by id: the report's, worst first, and the settings' own (None)."""
        return verdicts.topics_of(self.worker, self.context.settings.topic_ids)

    @property
    def unknown(self) -> dict[str, Unknown]:
        """Return the parts that AWS does not give, by name."""
        parts = ("host", "report", "progress", "last_day", "alarms", "cost")
        found = {part: getattr(self, part) for part in parts}
        return {part: answer for part, answer in found.items() if isinstance(answer, Unknown)}


class Observer:
    """Looks at a deployment, any number of times.

    Args:
        context: whose worker.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        session = context.session
        self._ec2 = session.client("ec2", config=PATIENCE)
        self._logs = session.client("logs", config=PATIENCE)
        self._cloudwatch = session.client("cloudwatch", config=PATIENCE)
        self._reports = context.names.log_groups["host"]
        self._prices = open_price_list(session, context.settings.aws_region)
        self._monthly_cost: Cost | None = None

    def look(self) -> Status:
        """Return the worker's status.

        Raises:
            OperatorError: it is not deployed, or AWS does not answer.
        """
        with one_sentence_errors():
            deployment = require_deployment(self._context)
        now = datetime.now(UTC)
        id_ = deployment.instance_id
        host = Question(lambda: self._find_host(id_))
        report = Question(lambda: self._find_report(id_))
        progress = Question(
            lambda: last_host_event(
                log_events.boot_log(self._logs, self._reports, id_, within=_REMEMBERED)
            )
        )
        last_day = Question(lambda: self._read_last_day(now))
        alarms = Question(self._list_alarms)
        monthly_cost = Question(self._find_monthly_cost)
        found = host.answer()
        return Status(
            at=now,
            context=self._context,
            deployment=deployment,
            host=found,
            report=report.answer(),
            progress=progress.answer(),
            last_day=last_day.answer(),
            alarms=alarms.answer(),
            cost=_cost_so_far(monthly_cost.answer(), found, now),
            is_embedded=is_embedded(),
        )

    def _find_host(self, instance_id: str) -> Host | None:
        instance = find_instance(self._ec2, instance_id)
        if instance is None:
            return None
        return Host(
            type=instance["InstanceType"],
            state=instance["State"]["Name"],
            zone=instance["Placement"]["AvailabilityZone"],
            address=instance.get("PublicIpAddress"),
            launched_at=instance["LaunchTime"],
            state_reason=instance.get("StateReason", {}).get("Message"),
        )

    def _find_report(self, instance_id: str) -> HostStatus | None:
        line = log_events.last_status(self._logs, self._reports, instance_id, within=_REMEMBERED)
        return parse_status(line) if line else None

    def _list_alarms(self) -> list[Alarm]:
        return list_alarms(self._cloudwatch, f"{self._context.names.in_region}-", REMEDIES)

    def _read_last_day(self, now: datetime) -> LastDay:
        settings = self._context.settings
        return read_last_day(self._cloudwatch, settings.worker_name, settings.topic_ids, now)

    def _find_monthly_cost(self) -> Cost:
        if self._monthly_cost is None:
            self._monthly_cost = monthly_cost(self._context.settings, self._prices)
        return self._monthly_cost


def _cost_so_far(
    cost: Cost | Unknown, host: Host | Unknown | None, now: datetime
) -> CostSoFar | Unknown:
    if isinstance(cost, Unknown):
        return cost
    if isinstance(host, Unknown):
        return host
    if host is None:
        return Unknown(
            OperatorError(ErrorCode.NOT_DEPLOYED, "There is no host to reckon for."),
            is_passing=False,
        )
    return CostSoFar(cost_so_far(cost, host.launched_at, now), cost.total)
