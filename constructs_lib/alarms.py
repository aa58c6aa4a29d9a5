"""The alarms: metrics, thresholds and descriptions.

Missing data breaches only `no-submission`: a silent worker does not submit. Elsewhere it means that
nothing is wrong, as of metrics that are sent only in trouble, or keeps the state ("ignore"): a disk
without reports is as full as before.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from constructs_lib.metrics import Source, Sources
from containers.worker.allora_worker import metric_names as worker
from shared.alarm_remedies import AlarmId, FleetAlarmId, remedy_of

Writer = Literal["worker", "model", "host"]
"""Of a log group."""

FULL_DISK = 80
"""Percent, above which the host removes unused images (scripts/host/bin/care.sh)."""

MUCH_TRAFFIC = 500
"""MB sent in an hour; 0.09 USD a GB in most regions (https://aws.amazon.com/ec2/pricing/)."""


@dataclass(frozen=True)
class Alarm:
    """An alarm, which fires when the last `periods` all breach the threshold.

    Attributes:
        id: Of the construct, and the end of the alarm's name.
        source: The metric.
        statistic: Over a period.
        period: In seconds. CloudWatch evaluates every minute, whatever the period
            (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html).
        periods: Number of breaching periods.
        comparison: Of the statistic with the threshold.
        threshold: In the metric's unit.
        missing: How a period without data counts.
        meaning: First part of the description; `shared.alarm_remedies` has the remedy.
        ec2_action: EC2's automatic action.
        log: Whose log tells more.
    """

    id: AlarmId | FleetAlarmId
    source: Source
    statistic: Literal["Average", "Maximum", "Minimum", "Sum"]
    period: int
    periods: int
    comparison: Literal[
        "GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold"
    ]
    threshold: float
    missing: Literal["breaching", "notBreaching", "ignore", "missing"]
    meaning: str
    ec2_action: Literal["recover", "reboot"] | None = None
    log: Writer = "host"

    def description(self, *, dashboard_url: str, log_url: str) -> str:
        """Return the text of the e-mail and the console; CloudWatch takes 1024 characters."""
        todo = f"{self.meaning} To do: {remedy_of(self.id)}"
        return f"{todo} Dashboard: {dashboard_url} Log: {log_url}"


@dataclass(frozen=True)
class Limits:
    """The operator's thresholds."""

    missed_windows: int
    """Windows of a topic without an accepted submission."""
    balance: Decimal
    """In ALLO."""


def host_alarms(sources: Sources, *, recoverable: bool, burstable: bool) -> Iterator[Alarm]:
    """Yield the alarms of the host and its containers, whatever their images.

    Args:
        sources: Of the metrics.
        recoverable: Whether EC2 can move the instance to other hardware.
        burstable: Whether the instance runs on CPU credits.
    """
    yield from _status_checks(sources, recoverable=recoverable)
    yield _restarts(
        AlarmId.WORKER_RESTARTS,
        sources.host("WorkerRestarts"),
        "worker",
        "The worker ended and was started again three times in 20 minutes, as it does when a "
        "secret is wrong, or when the network refuses it in every topic.",
    )
    yield _restarts(
        AlarmId.MODEL_RESTARTS,
        sources.host("ModelRestarts"),
        "model",
        "The model server ended and was started again three times in 20 minutes; windows are lost "
        "meanwhile.",
    )
    yield Alarm(
        AlarmId.DISK_FULL,
        sources.host("DiskUsed"),
        statistic="Average",
        period=300,
        periods=3,
        comparison="GreaterThanThreshold",
        threshold=FULL_DISK,
        missing="ignore",
        meaning=(
            f"The host's disk has been more than {FULL_DISK} % full for 15 minutes, after the host "
            "has removed what nothing uses. A full disk stops updates, and then the model."
        ),
    )
    yield Alarm(
        AlarmId.TRAFFIC_OUT,
        sources.ec2("NetworkOut"),
        statistic="Sum",
        period=3600,
        periods=1,
        comparison="GreaterThanOrEqualToThreshold",
        threshold=MUCH_TRAFFIC * 1_000_000,
        missing="notBreaching",
        meaning=(
            f"The host has sent {MUCH_TRAFFIC} MB or more within an hour, of which worker and logs "
            "need less than a tenth; to the internet a GB costs about 0.09 USD."
        ),
    )
    if burstable:
        yield _no_credits(sources)


def worker_alarms(sources: Sources, limits: Limits) -> Iterator[Alarm]:
    """Yield the alarms on metrics of the project's own worker."""
    # 20 minutes: a host that is replaced or restarts is silent for 15 at most.
    yield Alarm(
        AlarmId.NO_SUBMISSION,
        sources.worker(worker.WINDOWS_SINCE_SUCCESS),
        statistic="Maximum",
        period=300,
        periods=4,
        comparison="GreaterThanOrEqualToThreshold",
        threshold=limits.missed_windows,
        missing="breaching",
        log="worker",
        meaning=(
            f"No submission was accepted for {limits.missed_windows} windows of a topic, or the "
            "worker has been silent for 20 minutes, as before its first start: it earns nothing."
        ),
    )
    yield Alarm(
        AlarmId.BALANCE_LOW,
        sources.worker(worker.BALANCE),
        statistic="Maximum",
        period=300,
        periods=3,
        comparison="LessThanThreshold",
        threshold=float(limits.balance),
        missing="ignore",
        log="worker",
        meaning=(
            f"The wallet has less than {limits.balance:f} ALLO. When it has too little for a "
            "transaction, nothing is submitted any more."
        ),
    )
    # Ten minutes: one answer of a node that lags behind is no refusal. Three minutes of five: a
    # worker that is refused in every topic ends after five, and needs one to report again.
    yield _trouble(
        AlarmId.SDK_REFUSED,
        sources.worker(worker.SDK_REFUSED),
        period=300,
        periods=2,
        minutes=3,
        meaning=(
            "The network has moved on and does not speak the protocol of the worker's SDK any "
            "more: nothing is submitted."
        ),
    )
    # The worker reports a refused fee until the next window; less than ten minutes is no alarm.
    yield _trouble(
        AlarmId.FEE_REFUSED,
        sources.worker(worker.FEE_REFUSED),
        period=300,
        periods=2,
        minutes=1,
        meaning=(
            "The worker signs no transaction, because a fee would be above ALLORA_MAX_FEE, or the "
            "fees of 24 hours above ALLORA_MAX_DAILY_FEES: nothing is paid, and nothing is "
            "submitted. Either the chain's endpoint lies about the price, or gas has become "
            "expensive."
        ),
    )
    # Six hours: one bad epoch is no alarm where epochs are short. Of an hour 45 minutes: a restart
    # or a silent endpoint is none either.
    yield _trouble(
        AlarmId.NOT_EARNING,
        sources.worker(worker.NOT_EARNING),
        period=3600,
        periods=6,
        minutes=45,
        meaning=(
            "For six hours the worker has submitted in a topic and paid fees, and the network has "
            "paid nothing for it: the submissions are not admitted, or get no reward."
        ),
    )


def _status_checks(sources: Sources, *, recoverable: bool) -> Iterator[Alarm]:
    """Yield the alarms on AWS's own checks, once a minute.

    Recovery comes after fewer minutes than a reboot, so that the two never race. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/UsingAlarmActions.html
    """
    recovered = (
        "The hardware under the host failed: AWS moves the instance to healthy hardware, with the "
        "same address, volumes and identity."
    )
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-recover.html
    not_recoverable = (
        "The hardware under the host failed, and EC2 is not asked to move an instance of this type."
    )
    yield _status_check(
        AlarmId.HOST_RECOVERY,
        sources.ec2("StatusCheckFailed_System"),
        minutes=2,
        meaning=recovered if recoverable else not_recoverable,
        ec2_action="recover" if recoverable else None,
    )
    yield _status_check(
        AlarmId.INSTANCE_REBOOT,
        sources.ec2("StatusCheckFailed_Instance"),
        minutes=3,
        meaning=("The operating system does not answer: AWS reboots the instance."),
        ec2_action="reboot",
    )


def _status_check(
    id_: AlarmId,
    source: Source,
    *,
    minutes: int,
    meaning: str,
    ec2_action: Literal["recover", "reboot"] | None,
) -> Alarm:
    return Alarm(
        id_,
        source,
        statistic="Maximum",
        period=60,
        periods=minutes,
        comparison="GreaterThanOrEqualToThreshold",
        threshold=1,
        missing="missing",
        meaning=meaning,
        ec2_action=ec2_action,
    )


def _restarts(id_: AlarmId, source: Source, log: Writer, meaning: str) -> Alarm:
    """Return the alarm on a container that restarts repeatedly, as counted by the host.

    The worker's own count would miss early ends. Docker waits 0.1 s before a restart, and twice as
    long each time, up to a minute
    (https://docs.docker.com/reference/cli/docker/container/run/#restart). A worker that the network
    refuses in every topic ends after five minutes: at least three times in twenty.
    """
    return Alarm(
        id_,
        source,
        statistic="Sum",
        period=1200,
        periods=1,
        comparison="GreaterThanOrEqualToThreshold",
        threshold=3,
        missing="notBreaching",
        log=log,
        meaning=meaning,
    )


def _trouble(
    id_: AlarmId, source: Source, *, period: int, periods: int, minutes: int, meaning: str
) -> Alarm:
    """Return the alarm on a metric of the worker that is 1 each minute in trouble, else missing.

    It fires when each of the last `periods`, in seconds, had that many `minutes` of trouble.
    """
    return Alarm(
        id_,
        source,
        statistic="Sum",
        period=period,
        periods=periods,
        comparison="GreaterThanOrEqualToThreshold",
        threshold=minutes,
        missing="notBreaching",
        log="worker",
        meaning=meaning,
    )


def _no_credits(sources: Sources) -> Alarm:
    """Return the alarm on a burstable instance without credits.

    It waits four hours: a new T3 or T4g starts with none, and a boot that builds both images
    borrows up to 24 credits (12 minutes of two vCPUs). The smallest accepted type, t3.micro, earns
    12 an hour and spends about 3 on an idle worker; the default earns 24.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-credits-baseline-concepts.html
    """
    return Alarm(
        AlarmId.CPU_CREDITS,
        sources.ec2("CPUCreditBalance"),
        statistic="Maximum",
        period=3600,
        periods=4,
        comparison="LessThanThreshold",
        threshold=1,
        missing="ignore",
        meaning=(
            "The instance has had no CPU credits for four hours. In unlimited mode, the default of "
            "t3, t3a and t4g, what it computes beyond its baseline costs up to 0.05 USD for each "
            "vCPU and hour; in standard mode it is slowed down, and may miss windows."
        ),
    )
