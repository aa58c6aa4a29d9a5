"""What the embedded AWS leaves out: metrics out of log lines, and alarms' states by metrics.

Both by CloudWatch's documentation:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

OK, ALARM, NO_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"

EXTRA_PERIODS = 2
"""How many periods beyond its own CloudWatch looks back at for points in place of missing ones. The
documentation gives one example, 5 for 3; that it differs is why no alarm may depend on it."""

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}

_MINUTE = timedelta(minutes=1)

Point = bool | None
"""Whether a period breaches the threshold; None when it has no data."""


def extracted(line: str) -> list[tuple[str, dict[str, Any]]]:
    """The metrics in a line of the embedded metric format, each with its namespace, for `put`.

    Raises:
        ValueError: CloudWatch would make no metric of it.
    """
    members = json.loads(line)
    directive = members.get("_aws", {})
    found = []
    for definition in directive.get("CloudWatchMetrics", []):
        for names in definition["Dimensions"]:
            dimensions = [{"Name": name, "Value": members.get(name)} for name in names]
            if not all(isinstance(each["Value"], str) for each in dimensions):
                raise ValueError(f"a dimension without a text: {dimensions}")
            for metric in definition["Metrics"]:
                value = members.get(metric["Name"])
                if isinstance(value, bool) or not isinstance(value, int | float):
                    raise ValueError(  # noqa: TRY004 - as with a dimension
                        f"{metric['Name']} is no number: {value!r}"
                    )
                datum = {
                    "MetricName": metric["Name"],
                    "Unit": metric["Unit"],
                    "Dimensions": dimensions,
                    "Value": value,
                    "Timestamp": datetime.fromtimestamp(directive["Timestamp"] / 1000, UTC),
                }
                found.append((definition["Namespace"], datum))
    return found


def put(cloudwatch: Any, metrics: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Has the embedded CloudWatch keep metrics."""
    for namespace in sorted({namespace for namespace, _ in metrics}):
        data = [datum for own, datum in metrics if own == namespace]
        for start in range(0, len(data), 500):  # it takes 1000 at once
            cloudwatch.put_metric_data(Namespace=namespace, MetricData=data[start : start + 500])


def history(cloudwatch: Any, alarm: dict[str, Any], begin: datetime, end: datetime) -> list[str]:
    """The states that an alarm, as DescribeAlarms gives it, has at the end of each minute.

    It has no data before. CloudWatch looks every minute, at periods that end then, whatever the
    clock's full hours.
    """
    period = timedelta(seconds=alarm["Period"])
    count = alarm["EvaluationPeriods"] + EXTRA_PERIODS
    breaching: dict[datetime, bool] = {}
    for offset in range(alarm["Period"] // 60):
        first = begin + offset * _MINUTE - period
        breaching |= _periods(cloudwatch, alarm, first, end)
    states, current, at = [], NO_DATA, begin
    while at < end:
        at += _MINUTE
        seen = [breaching.get(at - index * period) for index in reversed(range(count))]
        current = state(
            seen,
            periods=alarm["EvaluationPeriods"],
            to_alarm=alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"],
            missing=alarm.get("TreatMissingData") or "missing",
            current=current,
        )
        states.append(current)
    return states


def _periods(
    cloudwatch: Any, alarm: dict[str, Any], start: datetime, end: datetime
) -> dict[datetime, bool]:
    """By the ends of periods, the first of which begins at `start`: whether they breach."""
    period = timedelta(seconds=alarm["Period"])
    metric = {name: alarm[name] for name in ("Namespace", "MetricName", "Dimensions")}
    stat = {"Metric": metric, "Period": alarm["Period"], "Stat": alarm["Statistic"]}
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[{"Id": "m", "MetricStat": stat}], StartTime=start, EndTime=end
    )
    [result] = answer["MetricDataResults"]
    breaches = _COMPARISONS[alarm["ComparisonOperator"]]
    return {
        moment + period: breaches(value, alarm["Threshold"])
        for moment, value in zip(result["Timestamps"], result["Values"], strict=True)
        if moment + period <= end
    }


def state(seen: Sequence[Point], *, periods: int, to_alarm: int, missing: str, current: str) -> str:
    """The state that an alarm takes on.

    Args:
        seen: the evaluation range, oldest period first.
        periods: EvaluationPeriods.
        to_alarm: DatapointsToAlarm.
        missing: TreatMissingData.
        current: the state that it has.
    """
    real = [point for point in seen if point is not None]
    if len(real) >= periods:
        return ALARM if sum(real[-periods:]) >= to_alarm else OK
    breaching = sum(real)
    if missing == "breaching":
        breaching += periods - len(real)
    if breaching >= to_alarm:
        return ALARM
    if missing in {"breaching", "notBreaching"} or not all(real):
        return OK
    if not real:
        return current if missing == "ignore" else NO_DATA
    if missing == "ignore":
        return current
    # "Premature": all that is known breaches, but is less than what an alarm takes.
    oldest = next(index for index, point in enumerate(seen) if point is not None)
    return ALARM if len(seen) - oldest >= to_alarm else NO_DATA
