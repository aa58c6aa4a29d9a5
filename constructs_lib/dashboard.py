"""The dashboard: from "is it earning?" at its top to the logs at its bottom.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from constructs_lib.alarms import FULL_DISK, Limits
from constructs_lib.metrics import Source, Sources
from containers.worker.allora_worker import metric_names as worker

Widget = dict[str, Any]
Line = list[Any]
"""A metric in a widget: namespace, name, dimensions, and how it is shown."""

_COLUMNS = 24

_EARNING = """\
# Is it earning?

- **Yes**, while *windows since the last success* stays below {windows}: a submission resets it.
- **Lost windows** should be few beside the submissions; below is why they were lost.
- **Balance** pays for the transactions: below {balance:f} ALLO it needs more.
- A red alarm's description says what to type. `pipenv run allora status` shows more.
"""
_NOT_OURS = """\
# Is it running?

The worker's image is your own (`ALLORA_WORKER_IMAGE`), so that nothing is known here about its
submissions. Host, containers and logs are below.

- A red alarm's description says what to type. `pipenv run allora status` shows more.
"""


@dataclass(frozen=True)
class Shown:
    """What the dashboard shows.

    Attributes:
        region: the host's region.
        sources: where the metrics are.
        alarm_arns: all alarms.
        log_groups: the names of the log groups by part of the host.
        topic_ids: the worker's topics.
        limits: of the worker's alarms; None when the worker reports no metrics.
        burstable: whether the instance runs on CPU credits.
    """

    region: str
    sources: Sources
    alarm_arns: Sequence[str]
    log_groups: Mapping[str, str]
    topic_ids: Sequence[int]
    limits: Limits | None
    burstable: bool


def dashboard_body(shown: Shown) -> str:
    """The dashboard as JSON, with the last day at first."""
    return json.dumps({"start": "-PT24H", "widgets": list(_placed(_rows(shown)))}, sort_keys=True)


def _placed(rows: Iterator[tuple[int, list[Widget]]]) -> Iterator[Widget]:
    """Gives each widget its place: those of a row share its width and height."""
    y = 0
    for height, widgets in rows:
        width = _COLUMNS // len(widgets)
        for index, widget in enumerate(widgets):
            yield {"x": index * width, "y": y, "width": width, "height": height, **widget}
        y += height


def _rows(shown: Shown) -> Iterator[tuple[int, list[Widget]]]:
    """Heights and widgets, from top to bottom."""
    alarms = {"title": "Alarms", "alarms": list(shown.alarm_arns)}
    yield 5, [_text(shown.limits), {"type": "alarm", "properties": alarms}]
    if shown.limits:
        yield 4, _numbers(shown)
        yield 6, _earning(shown, shown.limits)
        yield 6, [*_model_and_chain(shown), _restarts(shown)]
        yield 6, _host(shown)
    else:
        yield 6, [_restarts(shown), *_host(shown)]
    if shown.limits:
        yield 8, [_last_errors(shown), _lost_windows(shown)]
    else:
        yield 8, [_last_lines(shown, "worker", "Last lines of the worker")]
    yield (
        8,
        [
            _last_lines(shown, "model", "Last lines of the model"),
            _last_lines(shown, "host", "How the host came up", "| filter @logStream like /boot$/ "),
        ],
    )


def _text(limits: Limits | None) -> Widget:
    markdown = (
        _EARNING.format(windows=limits.missed_windows, balance=limits.balance)
        if limits
        else _NOT_OURS
    )
    return {"type": "text", "properties": {"markdown": markdown}}


def _numbers(shown: Shown) -> list[Widget]:
    """What can be read from across the room."""
    ours = shown.sources.worker
    counted = _metrics(
        shown,
        "In the time that is shown",
        _line(ours(worker.SUBMISSIONS), "Sum", "Submissions"),
        _line(ours(worker.SUBMISSION_FAILURES), "Sum", "Lost windows"),
    )
    counted["properties"] |= {"view": "singleValue", "setPeriodToTimeRange": True}
    now = _metrics(
        shown,
        "Now",
        _line(ours(worker.WINDOWS_SINCE_SUCCESS), "Maximum", "Windows since the last success"),
        _line(ours(worker.BALANCE), "Average", "Balance, ALLO"),
    )
    now["properties"] |= {"view": "singleValue"}
    return [counted, now]


def _earning(shown: Shown, limits: Limits) -> list[Widget]:
    ours = shown.sources.worker
    submissions = _metrics(
        shown,
        "Submissions and lost windows",
        _line(ours(worker.SUBMISSIONS), "Sum", "Submissions"),
        _line(ours(worker.SUBMISSION_FAILURES), "Sum", "Lost windows", color="#d62728"),
    )
    success = _metrics(
        shown,
        "Since the last success: seconds, and windows (right)",
        *(
            _line(
                shown.sources.topic(worker.SECONDS_SINCE_SUCCESS, topic_id),
                "Maximum",
                f"Seconds, topic {topic_id}",
            )
            for topic_id in shown.topic_ids
        ),
        _line(ours(worker.WINDOWS_SINCE_SUCCESS), "Maximum", "Windows", yAxis="right"),
        limit=("Alarm", limits.missed_windows, "right"),
    )
    balance = _metrics(
        shown,
        "Balance, ALLO",
        _line(ours(worker.BALANCE), "Average", "Balance"),
        limit=("Alarm", float(limits.balance), "left"),
    )
    return [submissions, success, balance]


def _model_and_chain(shown: Shown) -> list[Widget]:
    ours = shown.sources.worker
    return [
        _metrics(
            shown,
            "Model: milliseconds, and failures (right)",
            _line(ours(worker.MODEL_LATENCY), "Average", "Latency"),
            _line(ours(worker.MODEL_FAILURES), "Sum", "Failures", yAxis="right"),
        ),
        _metrics(
            shown,
            "Chain: errors, and refusals (right)",
            _line(ours(worker.CHAIN_ERRORS), "Sum", "Errors"),
            _line(ours(worker.REFUSED), "Maximum", "Refused", yAxis="right"),
            _line(ours(worker.SDK_REFUSED), "Maximum", "SDK refused", yAxis="right"),
            _line(ours(worker.FEE_REFUSED), "Maximum", "Fee refused", yAxis="right"),
        ),
    ]


def _restarts(shown: Shown) -> Widget:
    return _metrics(
        shown,
        "Restarts",
        _line(shown.sources.host("WorkerRestarts"), "Sum", "Worker"),
        _line(shown.sources.host("ModelRestarts"), "Sum", "Model"),
    )


def _host(shown: Shown) -> list[Widget]:
    ec2, host = shown.sources.ec2, shown.sources.host
    cpu = [_line(ec2("CPUUtilization"), "Average", "CPU, %")]
    if shown.burstable:
        cpu.append(_line(ec2("CPUCreditBalance"), "Average", "Credits", yAxis="right"))
    return [
        _metrics(shown, "CPU, %, and credits (right)" if shown.burstable else "CPU, %", *cpu),
        _metrics(
            shown,
            "Memory and disk, %",
            _line(host("MemoryUsed"), "Average", "Memory"),
            _line(host("DiskUsed"), "Average", "Disk"),
            limit=("Alarm of the disk", FULL_DISK, "left"),
        ),
        _metrics(
            shown,
            "Network, bytes",
            _line(ec2("NetworkIn"), "Average", "In"),
            _line(ec2("NetworkOut"), "Average", "Out"),
        ),
    ]


def _last_errors(shown: Shown) -> Widget:
    return _log(
        shown,
        "worker",
        "Last errors of the worker",
        '| fields @timestamp, level, message | filter level in ["error", "warning"] '
        "| sort @timestamp desc | limit 50",
    )


def _lost_windows(shown: Shown) -> Widget:
    return _log(
        shown,
        "worker",
        "Lost windows by reason",
        '| filter event = "window_lost" | stats count(*) as windows by topic, kind '
        "| sort windows desc",
    )


def _last_lines(shown: Shown, part: str, title: str, only: str = "") -> Widget:
    query = f"| fields @timestamp, @message {only}| sort @timestamp desc | limit 50"
    return _log(shown, part, title, query)


def _log(shown: Shown, part: str, title: str, query: str) -> Widget:
    return {
        "type": "log",
        "properties": {
            "title": title,
            "region": shown.region,
            "view": "table",
            "query": f"SOURCE '{shown.log_groups[part]}' {query}",
        },
    }


def _metrics(
    shown: Shown, title: str, *lines: Line, limit: tuple[str, float, str] | None = None
) -> Widget:
    """A graph; its limit is a label, a value and the axis that this is on."""
    properties = {
        "title": title,
        "region": shown.region,
        "view": "timeSeries",
        "period": 300,
        "metrics": list(lines),
    }
    if limit:
        label, value, axis = limit
        properties["annotations"] = {
            "horizontal": [{"label": label, "value": value, "yAxis": axis, "color": "#d62728"}]
        }
    return {"type": "metric", "properties": properties}


def _line(source: Source, statistic: str, label: str, **options: str) -> Line:
    dimensions = [text for pair in source.dimensions.items() for text in pair]
    shown = {"stat": statistic, "label": label, **options}
    return [source.namespace, source.name, *dimensions, shown]
