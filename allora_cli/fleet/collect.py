"""Collect the status of a fleet's workers from ECS and their logs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from allora_cli.aws.queries import PATIENCE, Question, Unknown
from allora_cli.aws.session import is_embedded, one_sentence_errors
from allora_cli.context import Context, FleetContext
from allora_cli.fleet.reports import Report, newest_reports
from allora_cli.fleet.tasks import Ecs, Runtime
from allora_cli.host.status_report import Topic
from allora_cli.status import verdicts
from allora_cli.status.alarms import Alarm, list_alarms
from allora_cli.terraform.deployment import find_deployment
from settings.fleet import FleetWorker
from shared.alarm_remedies import FLEET_REMEDIES


@dataclass(frozen=True)
class WorkerStatus:
    """Everything about a worker.

    Attributes:
        at: When it was asked for.
        worker: What `fleet.toml` says.
        report: The newest that the worker has sent; None when there is none.
        is_embedded: Whether AWS is the embedded one, which runs no tasks.
    """

    at: datetime
    context: Context
    worker: FleetWorker
    runtime: Runtime
    report: Report | Unknown | None
    is_embedded: bool = False

    @property
    def topics(self) -> dict[int, Topic | None]:
        """The topics by id; see `verdicts.topics_of`."""
        worker = self.report.worker if isinstance(self.report, Report) else None
        return verdicts.topics_of(worker, self.worker.settings.topic_ids)

    @property
    def last_submission_at(self) -> datetime | None:
        """When the chain last accepted a submission; None before the first since the start."""
        last = [topic.last_submission for topic in self.topics.values() if topic]
        return max((submission.at for submission in last if submission), default=None)


@dataclass(frozen=True)
class FleetStatus:
    """Everything about a fleet.

    Attributes:
        at: When it was asked for.
        workers: In the order of `fleet.toml`.
        not_in_file: Names of workers that run, and are not in `fleet.toml`.
        alarms: The fleet's; none of a single worker's.
        host_worker: The name of the single host's worker, if it is deployed as well; its status is
            not in this one.
    """

    at: datetime
    fleet: FleetContext
    workers: tuple[WorkerStatus, ...]
    not_in_file: tuple[str, ...] = ()
    alarms: Sequence[Alarm] | Unknown = ()
    host_worker: str | None = None


class FleetObserver:
    """Looks at a fleet, any number of times.

    Args:
        fleet: Which one.
        worker: The only one to look at; empty for all.
    """

    def __init__(self, fleet: FleetContext, worker: str = "") -> None:
        self._fleet = fleet
        self._worker = worker
        self._ecs = Ecs(fleet)
        self._logs = fleet.session.client("logs", config=PATIENCE)
        self._cloudwatch = fleet.session.client("cloudwatch", config=PATIENCE)

    def look(self) -> FleetStatus:
        """Return the fleet's status.

        Raises:
            OperatorError: It is not deployed, or ECS does not answer.
        """
        now = datetime.now(UTC)
        group = self._fleet.names.log_groups["worker"]
        host_worker = Question(self._find_host_worker)
        alarms = Question(self._list_alarms)
        reports = Question(lambda: newest_reports(self._logs, group, now, worker=self._worker))
        with one_sentence_errors():
            runtimes = self._ecs.runtimes()
        listed = self._fleet.fleet.workers
        names = {worker.name for worker in listed}
        return FleetStatus(
            at=now,
            fleet=self._fleet,
            workers=tuple(
                self._status(worker, runtimes, reports.answer(), now)
                for worker in listed
                if self._worker in {"", worker.name}
            ),
            not_in_file=() if self._worker else tuple(sorted(runtimes.keys() - names)),
            alarms=alarms.answer(),
            host_worker=None if isinstance(host := host_worker.answer(), Unknown) else host,
        )

    def _find_host_worker(self) -> str | None:
        shared = self._fleet.shared
        if self._worker or find_deployment(shared) is None:
            return None
        return shared.settings.worker_name

    def _list_alarms(self) -> list[Alarm]:
        if self._worker:
            return []
        return list_alarms(self._cloudwatch, f"{self._fleet.names.in_region}-", FLEET_REMEDIES)

    def _status(
        self,
        worker: FleetWorker,
        runtimes: dict[str, Runtime],
        reports: dict[str, Report] | Unknown,
        now: datetime,
    ) -> WorkerStatus:
        return WorkerStatus(
            at=now,
            context=self._fleet.of(worker),
            worker=worker,
            runtime=runtimes.get(worker.name, Runtime()),
            report=reports if isinstance(reports, Unknown) else reports.get(worker.name),
            is_embedded=is_embedded(),
        )
