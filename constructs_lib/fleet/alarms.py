"""The alarms of a fleet: six, however many workers there are.

Each is on a metric that the workers share, so that it rings for any of them; `allora status` names
the worker. Its statistic tells of one worker among many: a maximum, a minimum, or a number of
workers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from constructs_lib.alarms import Alarm, Limits
from constructs_lib.metrics import FleetSources, Source
from containers.worker.allora_worker import metric_names as metrics
from shared.alarm_limits import FOREIGN_A_DAY, FOREIGN_SECONDS
from shared.alarm_remedies import FleetAlarmId

_PERIOD: Final = 300
_REPORTS: Final = _PERIOD // 60
"""Of a worker in a period."""

NOT_EARNING_MINUTES: Final = 6 * 60
REFUSED_MINUTES: Final = 10


def fleet_alarms(sources: FleetSources, limits: Limits, *, workers: int) -> Iterator[Alarm]:
    """Yield the alarms.

    Args:
        sources: of the metrics.
        limits: the operator's; of the balance, the highest of the workers'.
        workers: the number of those that should run, and report metrics.
    """
    yield _worst(
        FleetAlarmId.NO_SUBMISSION,
        sources.of(metrics.WINDOWS_SINCE_SUCCESS),
        at_least=limits.missed_windows,
        periods=4,
        meaning=(
            f"A worker of the fleet has had no submission accepted for {limits.missed_windows} "
            "windows of a topic: it earns nothing there."
        ),
    )
    yield _worker_missing(sources, workers)
    yield _worst(
        FleetAlarmId.NOT_EARNING,
        sources.of(metrics.MINUTES_NOT_EARNING),
        at_least=NOT_EARNING_MINUTES,
        meaning=(
            "For six hours a worker of the fleet has submitted in a topic and paid fees, and the "
            "network has paid nothing for it."
        ),
    )
    yield Alarm(
        FleetAlarmId.BALANCE_LOW,
        sources.of(metrics.BALANCE),
        statistic="Minimum",
        period=_PERIOD,
        periods=3,
        comparison="LessThanThreshold",
        threshold=float(limits.balance),
        missing="ignore",
        log="worker",
        meaning=(
            f"A wallet of the fleet has less than {limits.balance:f} ALLO. When it has too little "
            "for a transaction, its worker submits nothing any more."
        ),
    )
    yield _worst(
        FleetAlarmId.REFUSED,
        sources.of(metrics.MINUTES_REFUSED),
        at_least=REFUSED_MINUTES,
        meaning=(
            f"A worker of the fleet has submitted nothing for {REFUSED_MINUTES} minutes, because "
            "the network does not speak its SDK's protocol any more, or because a fee would be "
            "above ALLORA_MAX_FEE or ALLORA_MAX_DAILY_FEES."
        ),
    )
    yield _worst(
        FleetAlarmId.WALLET_SHARED,
        sources.of(metrics.FOREIGN_TRANSACTIONS),
        at_least=FOREIGN_A_DAY,
        period=FOREIGN_SECONDS,
        meaning=(
            f"{FOREIGN_A_DAY} times or more in 24 hours somebody else has sent transactions with "
            "the wallet of a worker of the fleet: you, a second process, or a stranger."
        ),
    )


def _worst(
    id_: FleetAlarmId,
    source: Source,
    *,
    at_least: float,
    meaning: str,
    period: int = _PERIOD,
    periods: int = 1,
) -> Alarm:
    """Return the alarm on the worker with the most of something; silence is another alarm's."""
    return Alarm(
        id_,
        source,
        statistic="Maximum",
        period=period,
        periods=periods,
        comparison="GreaterThanOrEqualToThreshold",
        threshold=at_least,
        missing="notBreaching",
        log="worker",
        meaning=meaning,
    )


def _worker_missing(sources: FleetSources, workers: int) -> Alarm:
    """Return the alarm on fewer reports than the workers send, for 20 minutes.

    The threshold is half of one worker's reports below: a report may come early or late. Twenty
    minutes: a new task first fetches its images, and a deployment replaces all tasks.
    """
    return Alarm(
        FleetAlarmId.WORKER_MISSING,
        sources.of(metrics.RUNNING_WORKERS),
        statistic="Sum",
        period=_PERIOD,
        periods=4,
        comparison="LessThanThreshold",
        threshold=max((workers - 0.5) * _REPORTS, 0),
        missing="breaching" if workers else "notBreaching",
        log="worker",
        meaning=(
            f"Fewer than {workers} workers of the fleet have reported for 20 minutes, as before "
            "their first start: at least one does not run."
        ),
    )
