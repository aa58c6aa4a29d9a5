"""Diagnose a status: does the worker earn; if not, why, and what to do."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from allora_cli.aws.instances import start_command
from allora_cli.aws.queries import Unknown
from allora_cli.host.protocol import HostEvent
from allora_cli.host.status_report import Container, HostStatus
from allora_cli.status.collect import Host, Status
from allora_cli.status.conditions import Condition, Diagnosis
from allora_cli.status.worker_rules import fault_of, health_of, not_earning, refusal_of, sharing
from allora_cli.terminal.text import duration

REPORT_IS_OLD: Final = timedelta(minutes=3)
"""A host reports each minute."""

_SET_UP: Final = timedelta(minutes=30)
"""How long after its launch a host may still be busy with its first start."""

_JUST_STARTED: Final = timedelta(minutes=1)
"""How long after its start a worker may not answer yet."""


def judge(status: Status) -> Diagnosis:
    """Return the first fault that is found; causes come before what follows from them."""
    rules = (_of_host, _of_report, _of_containers, _of_worker, _of_network, _of_alarms)
    for rule in rules:
        if verdict := rule(status):
            return verdict
    return _healthy(status)


def _of_host(status: Status) -> Diagnosis | None:
    host, id_ = status.host, status.deployment.instance_id
    if isinstance(host, Unknown):
        return None
    state = host.state if host else "terminated"
    reason = f" ({host.state_reason.rstrip('.')})" if host and host.state_reason else ""
    if state in {"terminated", "shutting-down"}:
        return Diagnosis(
            Condition.HOST_GONE,
            f"the host {id_} was terminated{reason}, and not by Terraform.",
            "Make a new one: allora deploy",
        )
    if state in {"stopping", "stopped"}:
        command = start_command(id_, status.context.settings.aws_region)
        return Diagnosis(
            Condition.HOST_STOPPED,
            f"the host is {state}{reason}.",
            f"Start it: {command}",
        )
    if state == "pending":
        return Diagnosis(Condition.HOST_STARTING, "the host is about to start.", _follow(status))
    return None


def _of_report(status: Status) -> Diagnosis | None:
    report = status.report
    if isinstance(report, Unknown):
        return Diagnosis(
            Condition.UNKNOWN,
            f"it cannot be known, because the host's reports cannot be read: {report.error}",
        )
    age = report_age(status)
    if age is not None and age < REPORT_IS_OLD:
        return None
    if verdict := _of_boot(status):
        return verdict
    since = "has never reported" if age is None else f"has sent no report for {duration(age)}"
    return Diagnosis(
        Condition.NO_REPORT,
        f"the host {since}: it hangs, or does not reach CloudWatch.",
        f"Its last lines: allora logs boot{status.context.option}. If that does not help: allora "
        f"restart --reboot{status.context.option}",
    )


def report_age(status: Status) -> timedelta | None:
    """Return the age of the host's newest report, or None if there is none or it is unknown."""
    report = status.report
    return None if report is None or isinstance(report, Unknown) else status.at - report.at


def _of_boot(status: Status) -> Diagnosis | None:
    """Return the diagnosis while the host is set up, or if that has failed."""
    progress = None if isinstance(status.progress, Unknown) else status.progress
    if status.is_embedded and progress is None and status.report is None:
        return Diagnosis(
            Condition.EMBEDDED_AWS,
            "this is the embedded AWS, where the deployment is real and no host ever boots.",
            "A worker on this computer: make worker-local. One that earns: allora deploy, without "
            "AWS_ENDPOINT_URL",
        )
    if progress and progress.is_obstacle:
        return Diagnosis(
            Condition.BOOT_FAILED,
            f"the host could not be set up: {progress.text}",
            f"All that it reported: allora logs boot{status.context.option}",
        )
    is_new = isinstance(status.host, Host) and status.at - status.host.launched_at < _SET_UP
    if is_new and not (progress and progress.is_up):
        step = progress.text if progress else "it has reported nothing yet"
        return Diagnosis(
            Condition.SETTING_UP, f"the host is being set up: {step}.", _follow(status)
        )
    return None


def _of_containers(status: Status) -> Diagnosis | None:
    report = _report(status)
    worker, model = report.container("worker"), report.container("model")
    option = status.context.option
    if verdict := _of_start(status):
        return verdict
    if worker.state != "running":
        return _of_boot(status) or Diagnosis(
            Condition.WORKER_DOWN,
            f"the worker's container {_down(worker)}.",
            f"Why: allora logs worker{option}",
        )
    if report.worker is None and not (_is_foreign(status) and worker.is_well):
        return Diagnosis(
            Condition.WORKER_SILENT,
            f"the worker has run for {_run_time(worker, report)}, and does not answer.",
            f"If it stays so: allora logs worker{option}, then allora restart{option}",
        )
    if report.worker and (refusal := refusal_of(report.worker, option)):
        return refusal
    if not model.is_well:
        return Diagnosis(
            Condition.MODEL_DOWN,
            f"the model's container {_down(model)}.",
            f"Why: allora logs model{option}",
        )
    return None


def _follow(status: Status) -> str:
    return f"Follow it: allora logs boot -f{status.context.option}"


def _is_foreign(status: Status) -> bool:
    """Return whether the worker is an image of the operator's, which need have no `/health`."""
    return status.context.settings.worker_image is not None


def _down(container: Container) -> str:
    restarts = f", after {container.restarts} restarts" if container.restarts else ""
    if container.state is None:
        return "does not exist"
    state = "unhealthy" if container.state == "running" else container.state
    return f"is {state}{restarts}"


def _of_start(status: Status) -> Diagnosis | None:
    """Return the diagnosis if the newest report is from before the worker could answer."""
    report, progress = _report(status), status.progress
    worker = report.container("worker")
    if report.worker is not None or _is_foreign(status):
        return None
    is_earlier = isinstance(progress, HostEvent) and progress.is_up and report.at < progress.at
    has_just_started = (
        worker.state == "running"
        and not worker.restarts
        and worker.started_at is not None
        and report.at - worker.started_at < _JUST_STARTED
    )
    if not is_earlier and not has_just_started:
        return None
    return Diagnosis(
        Condition.REGISTERING,
        f"the worker had just started when the host reported, {duration(status.at - report.at)} "
        "ago.",
        "The next report comes within a minute: allora status --watch",
    )


def _run_time(container: Container, report: HostStatus) -> str:
    if container.started_at is None:
        return "an unknown time"
    return duration(report.at - container.started_at)


def _of_worker(status: Status) -> Diagnosis | None:
    worker = _report(status).worker
    if not worker:
        return None
    option = status.context.option
    return fault_of(worker, option) or sharing(worker, status.at, option)


def _of_network(status: Status) -> Diagnosis | None:
    worker = _report(status).worker
    return not_earning(worker, status.context.option) if worker else None


def _of_alarms(status: Status) -> Diagnosis | None:
    if isinstance(status.alarms, Unknown):
        return None
    firing = [alarm for alarm in status.alarms if alarm.is_firing]
    if not firing:
        return None
    names = ", ".join(alarm.name for alarm in firing)
    remedy = firing[0].description if len(firing) == 1 else "Their remedies stand below"
    return Diagnosis(
        Condition.ALARM,
        f"the worker reports no problem, but {len(firing)} "
        f"alarm{' is' if len(firing) == 1 else 's are'} on: {names}.",
        remedy,
    )


def _healthy(status: Status) -> Diagnosis:
    worker = _report(status).worker
    if worker is None:
        return Diagnosis(
            Condition.RUNNING,
            "the container runs; whether it submits, only the project's own worker reports.",
        )
    return health_of(worker, status.at)


def _report(status: Status) -> HostStatus:
    """Return the report, which is new: `_of_report` has checked that."""
    if isinstance(status.report, HostStatus):
        return status.report
    raise AssertionError
