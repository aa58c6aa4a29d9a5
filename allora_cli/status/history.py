"""Read a worker's last 24 hours from CloudWatch's metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from containers.worker.allora_worker.metric_names import (
    NAMESPACE,
    REWARDS,
    SCORE,
    SUBMISSIONS,
    WORKER,
    WORKER_AND_TOPIC,
    Metric,
)

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

DAY: Final = timedelta(hours=24)

_HOUR: Final = timedelta(hours=1)

_PERIOD: Final = timedelta(minutes=5)
"""What the metrics are summed up by: a day then begins at most five minutes too early."""

_MOST_TOPICS: Final = 3
"""Whose scores are asked for: AWS bills each metric that is asked for."""

_Series = dict[datetime, float]


@dataclass(frozen=True)
class Windows:
    """Submission windows of a length of time: those that were used, and those that were lost."""

    submissions: int = 0
    failures: int = 0

    @property
    def success_rate(self) -> float | None:
        """From 0 to 1; None without windows."""
        total = self.submissions + self.failures
        return self.submissions / total if total else None


@dataclass(frozen=True)
class LastDay:
    """The last 24 hours.

    Attributes:
        windows: all of them, of all topics: the worker counts them together.
        hours: by the hour in which they were, 25 of them; the first and the last one are not whole.
        rewards: in ALLO, by the hour in which they were paid; hours without any are absent.
        scores: by topic, the last of each hour that had one.
    """

    windows: Windows
    hours: Mapping[datetime, Windows]
    rewards: Mapping[datetime, float] = field(default_factory=dict)
    scores: Mapping[int, Mapping[datetime, float]] = field(default_factory=dict)


def read_last_day(
    cloudwatch: CloudWatchClient, worker_name: str, topic_ids: Iterable[int], now: datetime
) -> LastDay:
    """Read the metrics of windows and rewards, and of the first three topics' scores."""
    worker = dict(zip(WORKER, (worker_name,), strict=True))
    scores = {f"score{id_}": id_ for id_ in list(topic_ids)[:_MOST_TOPICS]}
    queries = [
        _query("submissions", SUBMISSIONS, "Sum", worker),
        _query("windows", SUBMISSIONS, "SampleCount", worker),
        _query("rewards", REWARDS, "Sum", worker),
        *(
            _query(name, SCORE, "Average", _of_topic(worker_name, topic_id))
            for name, topic_id in scores.items()
        ),
    ]
    begin = _floor(now - DAY, _PERIOD)
    found = _read(cloudwatch, queries, begin, _floor(now, _PERIOD) + _PERIOD)
    submissions, windows = _by_hour(found["submissions"]), _by_hour(found["windows"])
    first = _floor(begin, _HOUR)
    hours = {
        hour: _windows(submissions.get(hour, 0), windows.get(hour, 0))
        for hour in (first + _HOUR * count for count in range(25))
    }
    return LastDay(
        windows=_windows(sum(submissions.values()), sum(windows.values())),
        hours=hours,
        rewards=_by_hour(found["rewards"]),
        scores={id_: _last_of_hour(found[name]) for name, id_ in scores.items() if found[name]},
    )


def _of_topic(worker_name: str, topic_id: int) -> dict[str, str]:
    return dict(zip(WORKER_AND_TOPIC, (worker_name, str(topic_id)), strict=True))


def _query(
    id_: str,
    metric: Metric,
    statistic: Literal["Average", "SampleCount", "Sum"],
    dimensions: Mapping[str, str],
) -> MetricDataQueryTypeDef:
    return {
        "Id": id_,
        "MetricStat": {
            "Metric": {
                "Namespace": NAMESPACE,
                "MetricName": metric.name,
                "Dimensions": [{"Name": name, "Value": v} for name, v in dimensions.items()],
            },
            "Period": int(_PERIOD.total_seconds()),
            "Stat": statistic,
        },
    }


def _read(
    cloudwatch: CloudWatchClient,
    queries: list[MetricDataQueryTypeDef],
    begin: datetime,
    end: datetime,
) -> dict[str, _Series]:
    """Return each query's values by time."""
    found: dict[str, _Series] = {query["Id"]: {} for query in queries}
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=queries, StartTime=begin, EndTime=end
    )
    for page in pages:
        for result in page["MetricDataResults"]:
            times = (at.astimezone(UTC) for at in result["Timestamps"])
            found[result["Id"]] |= zip(times, result["Values"], strict=True)
    return found


def _by_hour(series: _Series) -> _Series:
    sums: _Series = {}
    for at, value in series.items():
        hour = _floor(at, _HOUR)
        sums[hour] = sums.get(hour, 0) + value
    return sums


def _last_of_hour(series: _Series) -> _Series:
    return {_floor(at, _HOUR): series[at] for at in sorted(series)}


def _windows(submissions: float, windows: float) -> Windows:
    return Windows(round(submissions), round(windows - submissions))


def _floor(at: datetime, step: timedelta) -> datetime:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return at - (at - epoch) % step
