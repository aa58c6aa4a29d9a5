"""Diagnose a status: does the worker earn; if not, why, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from allora_cli.aws.instances import start_command
from allora_cli.aws.queries import Unknown
from allora_cli.host.protocol import HostEvent
from allora_cli.host.status_report import Container, HostStatus, Topic, Worker
from allora_cli.status import verdicts
from allora_cli.status.collect import Host, Status
from allora_cli.terminal.text import duration
from containers.worker.allora_worker.event_names import Earning, TopicState

REPORT_IS_OLD: Final = timedelta(minutes=3)
"""A host reports each minute."""

_SET_UP: Final = timedelta(minutes=30)
"""How long after its launch a host may still be busy with its first start."""

_JUST_STARTED: Final = timedelta(minutes=1)
"""How long after its start a worker may not answer yet."""

_FOLLOW_BOOT: Final = "Follow it: allora logs boot -f"

_WAIT_FOR_IT: Final = (
    "The network judges a nonce once its true value is known, in some topics a day later: "
    "allora status --watch"
)


class Condition(StrEnum):
    """A worker's condition; `status-…` are headings of docs/operations.md."""

    EARNING = "earning"
    SUBMITTING = "submitting"
    """The network has not judged it yet."""
    WAITING = "waiting"
    """For its first window."""
    RUNNING = "running"
    """Which is all that can be known of a worker that is not this project's."""
    HOST_GONE = "status-host-gone"
    HOST_STOPPED = "status-host-stopped"
    HOST_STARTING = "status-host-starting"
    SETTING_UP = "status-setting-up"
    BOOT_FAILED = "status-boot-failed"
    EMBEDDED_AWS = "status-embedded-aws"
    NO_REPORT = "status-no-report"
    WORKER_DOWN = "status-worker-down"
    WORKER_SILENT = "status-worker-silent"
    REFUSED = "status-refused"
    MODEL_DOWN = "status-model-down"
    MODEL_FAILING = "status-model-failing"
    CHAIN_UNAVAILABLE = "status-chain-unavailable"
    FEE_REFUSED = "status-fee-refused"
    WINDOWS_LOST = "status-windows-lost"
    REGISTERING = "status-registering"
    NOT_WHITELISTED = "status-not-whitelisted"
    TOPIC_INACTIVE = "status-topic-inactive"
    NOT_ADMITTED = "status-not-admitted"
    NOT_IN_ACTIVE_SET = "status-not-in-active-set"
    NO_REWARD = "status-no-reward"
    ALARM = "status-alarm"
    UNKNOWN = "status-unknown"


@dataclass(frozen=True)
class Diagnosis:
    """The answer to "is it earning?".

    Attributes:
        finding: in one word.
        sentence: in one sentence.
        remedy: what to do; None when there is nothing.
    """

    finding: Condition
    sentence: str
    remedy: str | None = None

    @property
    def is_healthy(self) -> bool:
        """Whether the worker is earning, submitting, waiting or running, without an alarm."""
        return self.finding in _GOOD


_GOOD: Final = frozenset(
    {Condition.EARNING, Condition.SUBMITTING, Condition.WAITING, Condition.RUNNING}
)

_NOT_EARNING: Final = {
    Earning.NOT_WHITELISTED: Condition.NOT_WHITELISTED,
    Earning.TOPIC_INACTIVE: Condition.TOPIC_INACTIVE,
    Earning.NOT_ADMITTED: Condition.NOT_ADMITTED,
    Earning.NOT_IN_ACTIVE_SET: Condition.NOT_IN_ACTIVE_SET,
    Earning.NO_REWARD: Condition.NO_REWARD,
}


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
        return Diagnosis(Condition.HOST_STARTING, "the host is about to start.", _FOLLOW_BOOT)
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
        "Its last lines: allora logs boot. If that does not help: allora restart --reboot",
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
            "All that it reported: allora logs boot",
        )
    is_new = isinstance(status.host, Host) and status.at - status.host.launched_at < _SET_UP
    if is_new and not (progress and progress.is_up):
        step = progress.text if progress else "it has reported nothing yet"
        return Diagnosis(Condition.SETTING_UP, f"the host is being set up: {step}.", _FOLLOW_BOOT)
    return None


def _of_containers(status: Status) -> Diagnosis | None:
    report = _report(status)
    worker, model = report.container("worker"), report.container("model")
    if verdict := _of_start(status):
        return verdict
    if worker.state != "running":
        return _of_boot(status) or Diagnosis(
            Condition.WORKER_DOWN,
            f"the worker's container {_down(worker)}.",
            "Why: allora logs worker",
        )
    if report.worker is None and not (_is_foreign(status) and worker.is_well):
        return Diagnosis(
            Condition.WORKER_SILENT,
            f"the worker has run for {_run_time(worker, report)}, and does not answer.",
            "If it stays so: allora logs worker, then allora restart",
        )
    if report.worker and (refusal := _of_refusal(report.worker)):
        return refusal
    if not model.is_well:
        return Diagnosis(
            Condition.MODEL_DOWN,
            f"the model's container {_down(model)}.",
            "Why: allora logs model",
        )
    return None


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


def _of_refusal(worker: Worker) -> Diagnosis | None:
    if worker.is_healthy or not (topics := _in_state(worker, TopicState.REFUSED)):
        return None
    if all(verdicts.state_of(topic) is Earning.NOT_WHITELISTED for topic in topics):
        return _not_earning(worker)
    return Diagnosis(
        Condition.REFUSED,
        f"the network refuses the worker: {_reasons(topics)}.",
        "The worker goes on by itself once that is put right",
    )


def _of_worker(status: Status) -> Diagnosis | None:
    worker = _report(status).worker
    if worker is None or worker.is_healthy:
        return None
    if worker.model.fails:
        return Diagnosis(
            Condition.MODEL_FAILING,
            f"the model server fails: {_stop(worker.model.reason)}.",
            "Why: allora logs model",
        )
    if topics := _in_state(worker, TopicState.CHAIN_UNAVAILABLE):
        return Diagnosis(
            Condition.CHAIN_UNAVAILABLE,
            f"the chain does not answer: {_reasons(topics)}.",
            "The worker tries again by itself. If it lasts, ALLORA_GRPC_URL can name another "
            "endpoint",
        )
    if worker.fees and worker.fees.refusal:
        return Diagnosis(
            Condition.FEE_REFUSED,
            f"{_stop(worker.fees.refusal)}.",
            "If that is what gas costs now, raise the limit and type: allora deploy; "
            "if not, ALLORA_GRPC_URL can name another endpoint",
        )
    if topics := [topic for topic in worker.topics if topic.reason]:
        return Diagnosis(
            Condition.WINDOWS_LOST,
            f"the last submission window was lost: {_reasons(topics)}.",
            "The worker tries the next one. More: allora logs worker",
        )
    return Diagnosis(
        Condition.REGISTERING,
        f"the worker is starting: {_stop(worker.reason)}.",
        "Wait a minute. More: allora logs worker -f",
    )


def _of_network(status: Status) -> Diagnosis | None:
    worker = _report(status).worker
    return _not_earning(worker) if worker else None


def _not_earning(worker: Worker) -> Diagnosis | None:
    """Return the diagnosis if the network's verdict is that a topic earns nothing."""
    topics = worker.topics
    at_fault = [topic for topic in verdicts.worst_first(topics) if verdicts.earns_nothing(topic)]
    if not at_fault:
        return None
    worst = at_fault[0]
    assert worst.earning is not None  # noqa: S101 - it is at fault
    sentence = f"{verdicts.fault(worst.earning)}."
    if len(topics) > 1:
        sentence = (
            f"topic {worst.topic_id}: {sentence} {len(at_fault)} of {len(topics)} topics "
            f"earn{'s' * (len(at_fault) == 1)} nothing."
        )
    state = worst.earning.state
    sentence += _off_by_magnitudes(topics)
    return Diagnosis(_NOT_EARNING[state], sentence, verdicts.remedy(state, worker.role))


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
    others = [topic for topic in worker.topics if topic.reason]
    but = f" But {_reasons(others)}." if others else ""
    but += _off_by_magnitudes(worker.topics)
    if earning := [each for each in worker.topics if verdicts.earns(each)]:
        return Diagnosis(Condition.EARNING, f"{verdicts.income(earning)}.{but}")
    last = _last_submission(worker, status.at)
    if not last:
        return Diagnosis(
            Condition.WAITING,
            "the worker is registered, and waits for its first submission window since its "
            f"start.{but}",
        )
    if why := verdicts.why_unknown(worker.topics):
        return Diagnosis(Condition.SUBMITTING, f"{last}; {why}.{but}", _WAIT_FOR_IT)
    return Diagnosis(
        Condition.SUBMITTING,
        f"{last}; this host's release does not tell whether it earns.{but}",
        "Put this release on the host: allora deploy",
    )


def _last_submission(worker: Worker, now: datetime) -> str | None:
    submitted = [
        (topic.last_submission.at, topic.topic_id)
        for topic in worker.topics
        if topic.last_submission
    ]
    if not submitted:
        return None
    at, topic_id = max(submitted)
    return f"the last submission, in topic {topic_id}, was {duration(now - at)} ago"


def _report(status: Status) -> HostStatus:
    """Return the report, which is new: `_of_report` has checked that."""
    if isinstance(status.report, HostStatus):
        return status.report
    raise AssertionError


def _in_state(worker: Worker, state: TopicState) -> list[Topic]:
    return [topic for topic in worker.topics if topic.state == state]


def _reasons(topics: list[Topic]) -> str:
    """Return each reason once, with its topics."""
    by_reason: dict[str, list[str]] = {}
    for topic in topics:
        by_reason.setdefault(_stop(topic.reason), []).append(str(topic.topic_id))
    return "; ".join(f"topic {', '.join(ids)}: {reason}" for reason, ids in by_reason.items())


def _off_by_magnitudes(topics: list[Topic]) -> str:
    """Return a sentence about values that the worker has warned of, with a blank before it."""
    found = [
        f"topic {each.topic_id}: {each.value_problem}" for each in topics if each.value_problem
    ]
    if not found:
        return ""
    return f" The model's value is off by orders of magnitude: {'; '.join(found)}."


def _stop(reason: str | None) -> str:
    return (reason or "it does not say why").rstrip(".")
