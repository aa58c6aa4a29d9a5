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

- **Yes**, while there are *rewards*. An accepted submission earns nothing yet: *not earning* counts
  the minutes in which the network paid nothing for the last one.
- **Windows since the last success** should stay below {windows}: a submission resets it.
- **Submissions** should be nearly as many as *windows*; below is why the others were lost.
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
            yield 6, self._trouble(self.limits)
            yield 6, self._host()
            yield 8, [self._verdicts(), self._lost_windows()]
            yield 8, [self._last_errors(), self._by_hour()]
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
            _line(ours(worker.REWARDS), "Sum", "Rewards, ALLO"),
            _line(ours(worker.SUBMISSIONS), "Sum", "Submissions"),
            _line(ours(worker.SUBMISSIONS), "SampleCount", "Windows"),
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
        scores = [
            _line(topic(worker.SCORE, id_), "Average", f"Score, topic {id_}", yAxis="right")
            for id_ in self.topic_ids
        ]
        return [
            self._graph(
                "Rewards, ALLO, and scores (right)",
                _line(ours(worker.REWARDS), "Sum", "Rewards"),
                *scores,
            ),
            self._graph(
                "Windows, and submissions in them",
                _line(ours(worker.SUBMISSIONS), "SampleCount", "Windows", color=_RED),
                _line(ours(worker.SUBMISSIONS), "Sum", "Submissions"),
            ),
            self._graph(
                "Windows since the last success",
                _line(ours(worker.WINDOWS_SINCE_SUCCESS), "Maximum", "Windows"),
                limit=("Alarm", limits.missed_windows, "left"),
            ),
        ]

    def _trouble(self, limits: Limits) -> list[Widget]:
        ours = self.sources.worker
        return [
            self._graph(
                "Minutes not earning, of five",
                _line(ours(worker.NOT_EARNING), "Sum", "Not earning"),
                _line(ours(worker.SDK_REFUSED), "Sum", "SDK refused"),
                _line(ours(worker.FEE_REFUSED), "Sum", "Fee refused"),
            ),
            self._graph(
                "Balance, ALLO",
                _line(ours(worker.BALANCE), "Average", "Balance"),
                limit=("Alarm", float(limits.balance), "left"),
            ),
            self._restarts(),
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
                "Disk, %",
                _line(host("DiskUsed"), "Average", "Disk"),
                limit=("Alarm", FULL_DISK, "left"),
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

    def _verdicts(self) -> Widget:
        query = (
            '| filter event in ["judged", "rewarded"] '
            "| fields @timestamp, topic, nonce, message | sort @timestamp desc | limit 50"
        )
        return self._log("worker", "The network's verdicts", query)

    def _by_hour(self) -> Widget:
        """Return what needs no metric: a query costs less than the metrics of one hour."""
        query = (
            '| filter event = "status" | stats max(worker.model.latency_ms) as model_ms, '
            "max(MemoryUsed) as memory, max(DiskUsed) as disk by bin(1h) as hour "
            "| sort hour desc | limit 24"
        )
        return self._log("host", "Model, memory and disk by hour", query)

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
