"""The CloudWatch dashboard, from "Is it earning?" to the logs.

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
"""A metric in a widget: namespace, name, dimensions, and options."""

_COLUMNS = 24
_RED = "#d62728"

_EARNING = """\
# Is it earning?

- **Yes**, while *windows since the last success* stays below {windows}: a submission resets it.
- **Lost windows** should be few beside the submissions; below is why they were lost.
- **Balance** pays for the transactions: below {balance:f} ALLO it needs more.
- A red alarm's description says what to do. `allora status` shows more.
"""
_NOT_OURS = """\
# Is it running?

The worker's image is your own (`ALLORA_WORKER_IMAGE`), so its submissions are unknown here. Host,
containers and logs are below.

- A red alarm's description says what to do. `allora status` shows more.
"""


@dataclass(frozen=True)
class Dashboard:
    """A dashboard.

    Attributes:
        log_groups: names of log groups by part of the host.
        log_urls: their pages in the console.
        limits: of the worker's alarms; None when the worker reports no metrics.
        burstable: whether the instance runs on CPU credits.
    """

    region: str
    sources: Sources
    alarm_arns: Sequence[str]
    log_groups: Mapping[str, str]
    log_urls: Mapping[str, str]
    topic_ids: Sequence[int]
    limits: Limits | None
    burstable: bool

    def body(self) -> str:
        """Return the dashboard of the last day as JSON."""
        widgets = list(_place(self._rows()))
        return json.dumps({"start": "-PT24H", "widgets": widgets}, sort_keys=True)

    def _rows(self) -> Iterator[tuple[int, list[Widget]]]:
        """Yield heights and widgets, from top to bottom."""
        alarms = {"title": "Alarms", "alarms": list(self.alarm_arns)}
        yield 6, [_text(self.limits, self.log_urls), {"type": "alarm", "properties": alarms}]
        if self.limits:
            yield 4, self._numbers()
            yield 6, self._earning(self.limits)
            yield 6, [*self._model_and_chain(), self._restarts()]
            yield 6, self._host()
            yield 8, [self._last_errors(), self._lost_windows()]
        else:
            yield 6, [self._restarts(), *self._host()]
            yield 8, [self._last_lines("worker", "Last lines of the worker")]
        boot = "| filter @logStream like /boot$/ "
        yield (
            8,
            [
                self._last_lines("model", "Last lines of the model"),
                self._last_lines("host", "How the host came up", boot),
            ],
        )

    def _numbers(self) -> list[Widget]:
        ours = self.sources.worker
        counted = self._graph(
            "In the time that is shown",
            _line(ours(worker.SUBMISSIONS), "Sum", "Submissions"),
            _line(ours(worker.SUBMISSION_FAILURES), "Sum", "Lost windows"),
        )
        counted["properties"] |= {"view": "singleValue", "setPeriodToTimeRange": True}
        now = self._graph(
            "Now",
            _line(ours(worker.WINDOWS_SINCE_SUCCESS), "Maximum", "Windows since the last success"),
            _line(ours(worker.BALANCE), "Average", "Balance, ALLO"),
        )
        now["properties"] |= {"view": "singleValue"}
        return [counted, now]

    def _earning(self, limits: Limits) -> list[Widget]:
        ours, topic = self.sources.worker, self.sources.topic
        seconds = [
            _line(topic(worker.SECONDS_SINCE_SUCCESS, id_), "Maximum", f"Seconds, topic {id_}")
            for id_ in self.topic_ids
        ]
        windows = ours(worker.WINDOWS_SINCE_SUCCESS)
        return [
            self._graph(
                "Submissions and lost windows",
                _line(ours(worker.SUBMISSIONS), "Sum", "Submissions"),
                _line(ours(worker.SUBMISSION_FAILURES), "Sum", "Lost windows", color=_RED),
            ),
            self._graph(
                "Since the last success: seconds, and windows (right)",
                *seconds,
                _line(windows, "Maximum", "Windows", yAxis="right"),
                limit=("Alarm", limits.missed_windows, "right"),
            ),
            self._graph(
                "Balance, ALLO",
                _line(ours(worker.BALANCE), "Average", "Balance"),
                limit=("Alarm", float(limits.balance), "left"),
            ),
        ]

    def _model_and_chain(self) -> list[Widget]:
        ours = self.sources.worker
        return [
            self._graph(
                "Model: milliseconds, and failures (right)",
                _line(ours(worker.MODEL_LATENCY), "Average", "Latency"),
                _line(ours(worker.MODEL_FAILURES), "Sum", "Failures", yAxis="right"),
            ),
            self._graph(
                "Chain: errors, and refusals (right)",
                _line(ours(worker.CHAIN_ERRORS), "Sum", "Errors"),
                _line(ours(worker.REFUSED), "Maximum", "Refused", yAxis="right"),
                _line(ours(worker.SDK_REFUSED), "Maximum", "SDK refused", yAxis="right"),
                _line(ours(worker.FEE_REFUSED), "Maximum", "Fee refused", yAxis="right"),
            ),
        ]

    def _restarts(self) -> Widget:
        host = self.sources.host
        return self._graph(
            "Restarts",
            _line(host("WorkerRestarts"), "Sum", "Worker"),
            _line(host("ModelRestarts"), "Sum", "Model"),
        )

    def _host(self) -> list[Widget]:
        ec2, host = self.sources.ec2, self.sources.host
        cpu = [_line(ec2("CPUUtilization"), "Average", "CPU, %")]
        if self.burstable:
            cpu.append(_line(ec2("CPUCreditBalance"), "Average", "Credits", yAxis="right"))
        return [
            self._graph("CPU, %, and credits (right)" if self.burstable else "CPU, %", *cpu),
            self._graph(
                "Memory and disk, %",
                _line(host("MemoryUsed"), "Average", "Memory"),
                _line(host("DiskUsed"), "Average", "Disk"),
                limit=("Alarm of the disk", FULL_DISK, "left"),
            ),
            self._graph(
                "Network, bytes",
                _line(ec2("NetworkIn"), "Average", "In"),
                _line(ec2("NetworkOut"), "Average", "Out"),
            ),
        ]

    def _last_errors(self) -> Widget:
        query = (
            '| fields @timestamp, level, message | filter level in ["error", "warning"] '
            "| sort @timestamp desc | limit 50"
        )
        return self._log("worker", "Last errors of the worker", query)

    def _lost_windows(self) -> Widget:
        query = (
            '| filter event = "window_lost" | stats count(*) as windows by topic, kind '
            "| sort windows desc"
        )
        return self._log("worker", "Lost windows by reason", query)

    def _last_lines(self, part: str, title: str, only: str = "") -> Widget:
        query = f"| fields @timestamp, @message {only}| sort @timestamp desc | limit 50"
        return self._log(part, title, query)

    def _log(self, part: str, title: str, query: str) -> Widget:
        return {
            "type": "log",
            "properties": {
                "title": title,
                "region": self.region,
                "view": "table",
                "query": f"SOURCE '{self.log_groups[part]}' {query}",
            },
        }

    def _graph(
        self, title: str, *lines: Line, limit: tuple[str, float, str] | None = None
    ) -> Widget:
        """Return a graph, with a limit's label, value and axis."""
        properties = {
            "title": title,
            "region": self.region,
            "view": "timeSeries",
            "period": 300,
            "metrics": list(lines),
        }
        if limit:
            label, value, axis = limit
            properties["annotations"] = {
                "horizontal": [{"label": label, "value": value, "yAxis": axis, "color": _RED}]
            }
        return {"type": "metric", "properties": properties}


def _place(rows: Iterator[tuple[int, list[Widget]]]) -> Iterator[Widget]:
    """Yield each widget with its position; the widgets of a row share its width."""
    y = 0
    for height, widgets in rows:
        width = _COLUMNS // len(widgets)
        for index, widget in enumerate(widgets):
            yield {"x": index * width, "y": y, "width": width, "height": height, **widget}
        y += height


def _text(limits: Limits | None, log_urls: Mapping[str, str]) -> Widget:
    markdown = _NOT_OURS
    if limits:
        markdown = _EARNING.format(windows=limits.missed_windows, balance=limits.balance)
    links = ", ".join(f"[{part}]({url})" for part, url in log_urls.items())
    markdown += f"- Whole logs: {links}\n"
    return {"type": "text", "properties": {"markdown": markdown}}


def _line(source: Source, statistic: str, label: str, **options: str) -> Line:
    dimensions = [text for pair in source.dimensions.items() for text in pair]
    shown = {"stat": statistic, "label": label, **options}
    return [source.namespace, source.name, *dimensions, shown]
