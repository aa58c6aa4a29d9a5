"""The metrics that the worker reports: names, units, dimensions and what they mean.

Alarms and dashboards take the names from here. This module imports nothing but the standard
library, so that it can be imported where the SDK is not installed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NAMESPACE: Final = "Allora"

# What a metric is told apart by. Each combination of values costs money as a metric of its own, so
# that a metric has only those that an alarm or the dashboard shows. Whatever else a line tells can
# be searched for in the log.
WORKER: Final = ("WorkerName",)
WORKER_AND_TOPIC: Final = ("WorkerName", "TopicId")
FLEET: Final = ("Fleet",)
"""Of a fleet's workers together, so that more workers cost no more."""


@dataclass(frozen=True)
class Metric:
    """One metric.

    Args:
        name: As CloudWatch shows it.
        unit: One of CloudWatch's units.
        meaning: In one sentence.
        dimensions: The sets of dimensions under which a single host's worker records it.
        only_in_trouble: Whether it has values only while something is wrong. CloudWatch bills a
            metric for the hours in which it gets values
            (https://aws.amazon.com/cloudwatch/pricing/), so that this one costs nothing otherwise.
    """

    name: str
    unit: str
    meaning: str
    dimensions: tuple[tuple[str, ...], ...] = (WORKER,)
    only_in_trouble: bool = False


SUBMISSIONS: Final = Metric(
    "Submissions",
    "Count",
    "1 for a window for which the chain accepted a submission, 0 for one that was lost, as they "
    "happen: the sum is the number of submissions, and the sample count that of windows.",
)
WINDOWS_SINCE_SUCCESS: Final = Metric(
    "WindowsSinceSuccess",
    "None",
    "Windows since the last accepted submission in a topic, whichever process sent it, or since "
    "the start when none is known; every minute once the topic's epoch is known. One value for "
    "each topic, under the worker's name alone: the maximum counts.",
)
BALANCE: Final = Metric(
    "Balance", "None", "The wallet's balance in ALLO, every minute when it is known."
)
SDK_REFUSED: Final = Metric(
    "SdkRefused",
    "Count",
    "1 every minute while the network does not speak the protocol of the worker's SDK.",
    only_in_trouble=True,
)
FEE_REFUSED: Final = Metric(
    "FeeRefused",
    "Count",
    "1 every minute while the wallet signs nothing, because a fee is above a limit of the "
    "operator's.",
    only_in_trouble=True,
)
NOT_EARNING: Final = Metric(
    "NotEarning",
    "Count",
    "1 every minute while the worker submits in a topic and the network pays nothing for it, "
    "because the submission is not admitted or its reward is 0.",
    only_in_trouble=True,
)
FOREIGN_TRANSACTIONS: Final = Metric(
    "ForeignTransactions",
    "Count",
    "How often in the last 24 hours the worker has found that somebody else had sent with its "
    "wallet, each time that it finds it: the operator, or another process of the same worker. The "
    "maximum counts.",
    only_in_trouble=True,
)
REWARDS: Final = Metric(
    "Rewards",
    "None",
    "ALLO that the network paid, as it happens; each nonce counts once.",
)
SCORE: Final = Metric(
    "Score",
    "None",
    "The worker's score in a topic, the exponential moving average by which the active set is "
    "chosen, after each nonce that was judged.",
    (WORKER_AND_TOPIC,),
)

RUNNING_WORKERS: Final = Metric(
    "RunningWorkers",
    "Count",
    "1 every minute from each worker of a fleet: the sum of a minute is their number.",
    (),
)
MINUTES_NOT_EARNING: Final = Metric(
    "MinutesNotEarning",
    "None",
    "For how many minutes NotEarning has been true of a fleet's worker, every minute: the maximum "
    "is the worst worker's.",
    (),
    only_in_trouble=True,
)
MINUTES_REFUSED: Final = Metric(
    "MinutesRefused",
    "None",
    "For how many minutes SdkRefused or FeeRefused has been true of a fleet's worker, every "
    "minute: the maximum is the worst worker's.",
    (),
    only_in_trouble=True,
)

METRICS: Final = (
    SUBMISSIONS,
    WINDOWS_SINCE_SUCCESS,
    BALANCE,
    REWARDS,
    SCORE,
    NOT_EARNING,
    SDK_REFUSED,
    FEE_REFUSED,
    FOREIGN_TRANSACTIONS,
)
"""What alarms and dashboard of a single host show."""

FLEET_METRICS: Final = (
    SUBMISSIONS,
    WINDOWS_SINCE_SUCCESS,
    BALANCE,
    REWARDS,
    RUNNING_WORKERS,
    MINUTES_NOT_EARNING,
    MINUTES_REFUSED,
    FOREIGN_TRANSACTIONS,
)
"""What alarms and dashboard of a fleet show, by `FLEET` alone."""


def dimensions_of(metric: Metric, *, in_fleet: bool) -> tuple[tuple[str, ...], ...]:
    """Return the sets of dimensions under which a metric is recorded; none: in the log alone."""
    if in_fleet:
        return (FLEET,) if metric in FLEET_METRICS else ()
    return metric.dimensions
