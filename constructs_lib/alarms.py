"""The alarms: what each watches, from when on it rings, and what to do then.

A minute without data is no alarm but for `no-submission`: a worker that is silent does not submit.
Elsewhere it either means that nothing happened, or changes nothing ("ignore"): a disk is not less
full because nobody looks, and what is silent has an alarm already.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from constructs_lib.metrics import Source, Sources
from containers.worker.allora_worker import metric_names as worker
from shared.alarm_remedies import REMEDIES, AlarmId

MOST_ALARMS = 11
"""One more than CloudWatch does not charge for: 0.10 USD a month
(https://aws.amazon.com/cloudwatch/pricing/)."""

FULL_DISK = 80
"""Percent. Beyond it, the host removes by itself what nothing uses (scripts/host/bin/care.sh)."""

MUCH_TRAFFIC = 500
"""MB that go out in an hour; 0.09 USD a GB in most regions (https://aws.amazon.com/ec2/pricing/)."""

_RUNBOOK = "docs/operations.md"


@dataclass(frozen=True)
class Alarm:
    """One alarm, which rings when all of its last periods breach the threshold.

    Attributes:
        id: of the construct, and the end of the alarm's name.
        source: the metric.
        statistic: what becomes of a period's values.
        period: its length in seconds. CloudWatch looks every minute, whatever the period
            (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html).
        periods: how many have to breach it.
        comparison: of the statistic with the threshold.
        threshold: in the metric's unit.
        missing: what a period without data counts as.
        meaning: what it means when it rings; `shared.alarm_remedies` says what to do then.
        ec2_action: what EC2 does about it by itself.
    """

    id: AlarmId
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

    @property
    def description(self) -> str:
        """What the e-mail and the console say; at most 1024 characters."""
        return f"{self.meaning} To do: {REMEDIES[self.id]} More: {_RUNBOOK}#alarm-{self.id}"


@dataclass(frozen=True)
class Limits:
    """From when on an alarm rings, as far as that is the operator's to say.

    Attributes:
        missed_windows: windows of a topic without an accepted submission.
        balance: in ALLO.
    """

    missed_windows: int
    balance: Decimal


def host_alarms(sources: Sources, *, recoverable: bool, burstable: bool) -> Iterator[Alarm]:
    """What concerns the host and its containers, whoever wrote the images.

    Args:
        sources: where the metrics are.
        recoverable: whether AWS can move the instance to other hardware.
        burstable: whether the instance runs on CPU credits.
    """
    yield from _status_checks(sources, recoverable=recoverable)
    yield _restarts(
        AlarmId.WORKER_RESTARTS,
        sources.host("WorkerRestarts"),
        "The worker ended and was started again three times in 20 minutes, as it does when a "
        "secret is wrong, or when the network refuses it in every topic.",
    )
    yield _restarts(
        AlarmId.MODEL_RESTARTS,
        sources.host("ModelRestarts"),
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
    """What the project's own worker reports; another image reports no such metrics.

    Args:
        sources: where the metrics are.
        limits: the operator's.
    """
    # Four periods are twenty minutes, of data or of silence: a host that is replaced or restarts is
    # silent for fifteen at most.
    yield Alarm(
        AlarmId.NO_SUBMISSION,
        sources.worker(worker.WINDOWS_SINCE_SUCCESS),
        statistic="Maximum",
        period=300,
        periods=4,
        comparison="GreaterThanOrEqualToThreshold",
        threshold=limits.missed_windows,
        missing="breaching",
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
        meaning=(
            f"The wallet has less than {limits.balance:f} ALLO. When it has too little for a "
            "transaction, nothing is submitted any more."
        ),
    )
    # Ten minutes without another value: one answer of a node that lags behind is no refusal.
    yield Alarm(
        AlarmId.SDK_REFUSED,
        sources.worker(worker.SDK_REFUSED),
        statistic="Minimum",
        period=300,
        periods=2,
        comparison="GreaterThanOrEqualToThreshold",
        threshold=1,
        missing="ignore",
        meaning=(
            "The network has moved on and does not speak the protocol of the worker's SDK any "
            "more: nothing is submitted."
        ),
    )
    # Between two windows the worker signs nothing: one that was lost for its fee is told until the
    # next. A lie that ends within ten minutes is not.
    yield Alarm(
        AlarmId.FEE_REFUSED,
        sources.worker(worker.FEE_REFUSED),
        statistic="Maximum",
        period=300,
        periods=2,
        comparison="GreaterThanOrEqualToThreshold",
        threshold=1,
        missing="ignore",
        meaning=(
            "The worker signs no transaction, because a fee would be above ALLORA_MAX_FEE, or the "
            "fees of 24 hours above ALLORA_MAX_DAILY_FEES: nothing is paid, and nothing is "
            "submitted. Either the chain's endpoint lies about the price, or gas has become "
            "expensive."
        ),
    )


def _status_checks(sources: Sources, *, recoverable: bool) -> Iterator[Alarm]:
    """What AWS finds out from outside, once a minute.

    Recovery after fewer minutes than a reboot, so that the two never race each other; missing data
    is nothing to act upon. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/UsingAlarmActions.html
    """
    recovered = (
        "The hardware under the host failed: AWS moves the instance to healthy hardware, with the "
        "same address, volumes and identity."
    )
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-recover.html
    not_recoverable = (
        "The hardware under the host failed, and AWS moves no instance that has local disks."
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


def _restarts(id_: AlarmId, source: Source, meaning: str) -> Alarm:
    """A container that ends again and again, as the host counts it.

    Not as the worker reports its starts: one that ends early reports none. Docker waits 0.1 s
    before it starts a container again, and twice as long each time, up to a minute
    (https://docs.docker.com/reference/cli/docker/container/run/#restart): one that ends at once is
    at the third restart after seconds. A worker that the network refuses everywhere ends after five
    minutes, and twenty minutes have at least three such ends.
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
        meaning=meaning,
    )


def _no_credits(sources: Sources) -> Alarm:
    """A burstable instance that computes more than it has credits for.

    Only after four hours, because a new T3 or T4g begins with none, and a boot that builds both
    images borrows some: at most 12 minutes of two processors, 24 credits. The smallest type that is
    accepted (t3.micro) gains 12 an hour and spends about 3 on a worker at rest, so that a boot is
    paid back within three hours; the default gains 24.
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
