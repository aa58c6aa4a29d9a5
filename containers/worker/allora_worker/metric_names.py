"""The metrics that the worker reports: names, units, dimensions and what they mean.

Alarms and dashboards take the names from here. This module imports nothing but the standard
library, so that it can be imported where the SDK is not installed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NAMESPACE: Final = "Allora"

# What a metric is told apart by. Each combination of values costs money as a metric of its own
# (https://aws.amazon.com/cloudwatch/pricing/), so that a metric has only those that an alarm or the
# dashboard shows. Whatever else a line tells, such as the topic, can be searched for in the log.
WORKER: Final = ("WorkerName",)
WORKER_AND_TOPIC: Final = ("WorkerName", "TopicId")


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
)
SUBMISSION_FAILURES: Final = Metric(
    "SubmissionFailures",
    "Count",
    "Windows that were lost, as they happen; attempts that a later one made good do not count.",
)
SECONDS_SINCE_SUCCESS: Final = Metric(
    "SecondsSinceSuccess",
    "Seconds",
    "Since the last accepted submission in the topic, whichever process sent it, or since the "
    "start when none is known; every minute.",
    (WORKER_AND_TOPIC,),
)
WINDOWS_SINCE_SUCCESS: Final = Metric(
    "WindowsSinceSuccess",
    "None",
    "The same in windows: those seconds by the length of the topic's epoch; every minute once the "
    "topic is known. One value for each topic, under the worker's name alone: the maximum counts.",
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
SDK_REFUSED: Final = Metric(
    "SdkRefused",
    "Count",
    "1 while the network does not speak the protocol of the worker's SDK, else 0; every minute.",
)
FEE_REFUSED: Final = Metric(
    "FeeRefused",
    "Count",
    "1 while the wallet signs nothing, because a fee is above a limit of the operator's, else 0; "
    "every minute.",
)
NOT_EARNING: Final = Metric(
    "NotEarning",
    "Count",
    "1 while the worker submits in a topic and the network pays nothing for it, because the "
    "submission is not admitted or its reward is 0, else 0; every minute.",
)
REWARDS: Final = Metric(
    "Rewards",
    "None",
    "ALLO that the network paid, as it happens; each nonce counts once.",
)
SCORE: Final = Metric(
    "Score",
    "None",
    "The worker's score, the exponential moving average by which the active set is chosen, after "
    "each nonce that was judged.",
)

METRICS: Final = (
    SUBMISSIONS,
    SUBMISSION_FAILURES,
    SECONDS_SINCE_SUCCESS,
    WINDOWS_SINCE_SUCCESS,
    MODEL_LATENCY,
    MODEL_FAILURES,
    CHAIN_ERRORS,
    BALANCE,
    REFUSED,
    SDK_REFUSED,
    FEE_REFUSED,
)
"""What alarms or the dashboard show."""

VERDICT_METRICS: Final = (NOT_EARNING, REWARDS, SCORE)
"""The network's verdict on the submissions; to be a part of METRICS once they are shown."""
