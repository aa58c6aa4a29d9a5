"""Diagnose a fleet's worker: does it earn; if not, why, and what to do."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Final

from allora_cli.aws.queries import Unknown
from allora_cli.fleet.collect import FleetStatus, WorkerStatus
from allora_cli.fleet.reports import Report
from allora_cli.fleet.tasks import StopCode, Task, TaskState
from allora_cli.host.status_report import Worker
from allora_cli.status.alarms import Alarm
from allora_cli.status.conditions import Condition, Diagnosis
from allora_cli.status.worker_rules import fault_of, health_of, not_earning, refusal_of, sharing
from allora_cli.terminal.text import clamp, duration
from settings.fleet_file import FLEET_FILE

_REPORT_IS_OLD: Final = timedelta(minutes=3)
"""A worker reports each minute."""

_FIRST_REPORT: Final = timedelta(minutes=3)
"""How long after the start of its containers a worker may not have reported yet."""

_DEPLOY: Final = "Make it so: allora deploy"
_NEWS: Final = 200


def judge(status: WorkerStatus) -> Diagnosis:
    """Return the first fault that is found; causes come before what follows from them."""
    rules = (_of_service, _of_task, _of_report, _of_worker)
    for rule in rules:
        if verdict := rule(status):
            return verdict
    return _healthy(status)


def judge_all(status: FleetStatus) -> list[tuple[WorkerStatus, Diagnosis]]:
    """Return each worker with its diagnosis; those that need attention first, paused ones last."""
    judged = [(worker, judge(worker)) for worker in status.workers]
    return sorted(judged, key=lambda each: _urgency(each[1]))


def is_healthy(status: FleetStatus) -> bool:
    """Return whether no worker needs attention, no other one runs, and no alarm is on."""
    return (
        not status.not_in_file
        and not firing_in(status)
        and all(judge(each).is_healthy for each in status.workers)
    )


def firing_in(status: FleetStatus) -> list[Alarm]:
    """Return the alarms that are on; none if they are not known."""
    if isinstance(status.alarms, Unknown):
        return []
    return [alarm for alarm in status.alarms if alarm.is_firing]


_STARTING: Final = {Condition.TASK_STARTING, Condition.REGISTERING}


def _urgency(verdict: Diagnosis) -> int:
    if verdict.finding is Condition.PAUSED:
        return 3
    if verdict.is_healthy:
        return 2
    return 1 if verdict.finding in _STARTING else 0


def _of_service(status: WorkerStatus) -> Diagnosis | None:
    service, paused = status.runtime.service, status.worker.options.paused
    if service is None:
        return Diagnosis(Condition.NOT_AS_IN_FILE, "it is not deployed yet.", _DEPLOY)
    if paused and service.desired:
        return Diagnosis(Condition.NOT_AS_IN_FILE, f"{FLEET_FILE} pauses it, and it runs.", _DEPLOY)
    if not paused and not service.desired:
        return Diagnosis(
            Condition.NOT_AS_IN_FILE,
            f"it is paused in AWS, and not in {FLEET_FILE}.",
            _DEPLOY,
        )
    return Diagnosis(Condition.PAUSED, f"as {FLEET_FILE} says.") if paused else None


def _of_task(status: WorkerStatus) -> Diagnosis | None:
    task, stopped = status.runtime.task, status.runtime.stopped
    if task and task.state == TaskState.RUNNING and not task.is_unhealthy:
        return None
    if task and task.is_unhealthy:
        return Diagnosis(
            Condition.TASK_STOPPED,
            "the worker's process hangs; ECS replaces its task.",
            f"Why: allora logs{status.context.option}",
        )
    if stopped and (stopped.has_failed or stopped.stop_code == StopCode.SPOT):
        return _stopped(status, stopped)
    if task is None and status.is_embedded:
        return Diagnosis(
            Condition.EMBEDDED_AWS,
            "this is the embedded AWS, where the deployment is real and no task runs.",
            "One that earns: allora deploy, without AWS_ENDPOINT_URL",
        )
    return _starting(status)


def _stopped(status: WorkerStatus, stopped: Task) -> Diagnosis:
    if stopped.stop_code == StopCode.SPOT:
        return Diagnosis(
            Condition.TASK_STOPPED,
            "AWS took its Spot capacity back, and ECS starts another task when there is some.",
            f'To pay for capacity that stays: capacity = "FARGATE" in {FLEET_FILE}, then allora '
            "deploy",
        )
    ago = f" {duration(status.at - stopped.stopped_at)} ago" if stopped.stopped_at else ""
    return Diagnosis(
        Condition.TASK_STOPPED,
        f"its task ended{ago}, and ECS tries again: {clamp(stopped.reason or '?', _NEWS)}.",
        f"Why: allora logs{status.context.option}",
    )


def _starting(status: WorkerStatus) -> Diagnosis:
    service = status.runtime.service
    news = f" ECS: {clamp(service.news, _NEWS)}" if service and service.news else ""
    return Diagnosis(
        Condition.TASK_STARTING,
        f"ECS starts its task.{news}",
        "Follow it: allora status --watch",
    )


def _of_report(status: WorkerStatus) -> Diagnosis | None:
    report, task = status.report, status.runtime.task
    if status.worker.settings.worker_image:
        return None
    if isinstance(report, Unknown):
        return Diagnosis(
            Condition.UNKNOWN, f"it cannot be known, because its log cannot be read: {report.error}"
        )
    if report and task and report.task_id == task.id and status.at - report.at < _REPORT_IS_OLD:
        return None
    started_at = task.started_at if task else None
    if started_at is None or status.at - started_at < _FIRST_REPORT:
        stopped = status.runtime.stopped
        return _stopped(status, stopped) if stopped and stopped.has_failed else _starting(status)
    since = f"for {duration(status.at - report.at)}" if report else "for ten minutes or more"
    return Diagnosis(
        Condition.NO_REPORT,
        f"its task runs, and it has sent no report {since}.",
        f"Its last lines: allora logs{status.context.option}. If that does not help: allora "
        f"restart{status.context.option}",
    )


def _of_worker(status: WorkerStatus) -> Diagnosis | None:
    if not isinstance(status.report, Report):
        return None
    worker, option = status.report.worker, status.context.option
    return (
        refusal_of(worker, option)
        or fault_of(worker, option)
        or sharing(worker, status.at, option)
        or not_earning(worker, option)
        or _of_balance(status, worker)
    )


def _of_balance(status: WorkerStatus, worker: Worker) -> Diagnosis | None:
    """Return what the alarm that all workers share does not: whose balance is low."""
    limit = status.worker.settings.alarm_balance
    if worker.balance_allo is None or Decimal(str(worker.balance_allo)) >= limit:
        return None
    return Diagnosis(
        Condition.BALANCE_LOW,
        f"its wallet has {worker.balance_allo:g} ALLO, less than {limit:f} (ALARM_BALANCE).",
        f"Send ALLO to the address of: allora wallet address{status.context.option}",
    )


def _healthy(status: WorkerStatus) -> Diagnosis:
    if not isinstance(status.report, Report):
        return Diagnosis(
            Condition.RUNNING,
            "its task runs; whether it submits, only the project's own worker reports.",
        )
    return health_of(status.report.worker, status.at)
