"""The metrics that the worker reports: names, units, dimensions and what they mean.

Alarms and dashboards take the names from here. This module imports nothing but the standard
library, so that it can be imported where the SDK is not installed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NAMESPACE: Final = "Allora"

# What a metric is told apart by. Each combination of values costs money as a metric of its own
# (https://aws.amazon.com/cloudwatch/pricing/), so that a metric has only those that alarms need.
WORKER: Final = ("WorkerName",)
WORKER_AND_TOPIC: Final = ("WorkerName", "TopicId")
WORKER_AND_KIND: Final = ("WorkerName", "FailureKind")


@dataclass(frozen=True)
class Metric:
    """One metric.

    Args:
        name: As CloudWatch shows it.
        unit: One of CloudWatch's units.
        meaning: In one sentence.
        dimensions: The sets of dimensions under which it is recorded.
    """

    name: str
    unit: str
    meaning: str
    dimensions: tuple[tuple[str, ...], ...] = (WORKER,)


SUBMISSIONS: Final = Metric(
    "Submissions",
    "Count",
    "Windows for which the chain accepted a submission, as they happen.",
    (WORKER, WORKER_AND_TOPIC),
)
SUBMISSION_FAILURES: Final = Metric(
    "SubmissionFailures",
    "Count",
    "Windows that were lost, as they happen; attempts that a later one made good do not count.",
    (WORKER, WORKER_AND_TOPIC, WORKER_AND_KIND),
)
SECONDS_SINCE_SUCCESS: Final = Metric(
    "SecondsSinceSuccess",
    "Seconds",
    "Since the last accepted submission, or since the start when there was none; every minute. "
    "Under the worker's name alone there is one value for each topic: alarm on the maximum.",
    (WORKER, WORKER_AND_TOPIC),
)
MODEL_LATENCY: Final = Metric(
    "ModelLatency",
    "Milliseconds",
    "How long the model server took for an answer that was submitted, or tried to be.",
)
MODEL_FAILURES: Final = Metric(
    "ModelFailures",
    "Count",
    "Requests for a submission that the model server failed, in the last minute.",
)
CHAIN_ERRORS: Final = Metric(
    "ChainErrors",
    "Count",
    "Calls that the chain's endpoint failed or left unanswered, in the last minute.",
)
BALANCE: Final = Metric(
    "Balance", "None", "The wallet's balance in ALLO, every minute when it is known."
)
REFUSED: Final = Metric(
    "Refused", "Count", "1 while the network refuses the worker in any topic, else 0; every minute."
)
STARTS: Final = Metric("Starts", "Count", "1 at each start of the worker's process.")

METRICS: Final = (
    SUBMISSIONS,
    SUBMISSION_FAILURES,
    SECONDS_SINCE_SUCCESS,
    MODEL_LATENCY,
    MODEL_FAILURES,
    CHAIN_ERRORS,
    BALANCE,
    REFUSED,
    STARTS,
)
