"""The CloudWatch dashboard, from "Is it earning?" to the logs.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from constructs_lib.alarms import FULL_DISK, Limits
from constructs_lib.metrics import Sources
from constructs_lib.widgets import (
    RED,
    Limit,
    Row,
    Widget,
    Widgets,
    alarm_widget,
    body_of,
    line,
    text_widget,
)
from containers.worker.allora_worker import metric_names as worker

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
        return body_of(self._rows())

    @property
    def _widgets(self) -> Widgets:
        return Widgets(self.region)

    def _rows(self) -> Iterator[Row]:
        """Yield the rows from top to bottom."""
        yield 6, [_text(self.limits, self.log_urls), alarm_widget(self.alarm_arns)]
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
        counted = self._widgets.totals(
            "In the time that is shown",
            line(ours(worker.REWARDS), "Sum", "Rewards, ALLO"),
            line(ours(worker.SUBMISSIONS), "Sum", "Submissions"),
            line(ours(worker.SUBMISSIONS), "SampleCount", "Windows"),
        )
        now = self._widgets.numbers(
            "Now",
            line(ours(worker.WINDOWS_SINCE_SUCCESS), "Maximum", "Windows since the last success"),
            line(ours(worker.BALANCE), "Average", "Balance, ALLO"),
        )
        return [counted, now]

    def _earning(self, limits: Limits) -> list[Widget]:
        ours, topic = self.sources.worker, self.sources.topic
        scores = [
            line(topic(worker.SCORE, id_), "Average", f"Score, topic {id_}", yAxis="right")
            for id_ in self.topic_ids
        ]
        return [
            self._widgets.graph(
                "Rewards, ALLO, and scores (right)",
                line(ours(worker.REWARDS), "Sum", "Rewards"),
                *scores,
            ),
            self._widgets.graph(
                "Windows, and submissions in them",
                line(ours(worker.SUBMISSIONS), "SampleCount", "Windows", color=RED),
                line(ours(worker.SUBMISSIONS), "Sum", "Submissions"),
            ),
            self._widgets.graph(
                "Windows since the last success",
                line(ours(worker.WINDOWS_SINCE_SUCCESS), "Maximum", "Windows"),
                limit=Limit("Alarm", limits.missed_windows),
            ),
        ]

    def _trouble(self, limits: Limits) -> list[Widget]:
        ours = self.sources.worker
        return [
            self._widgets.graph(
                "Minutes not earning, of five",
                line(ours(worker.NOT_EARNING), "Sum", "Not earning"),
                line(ours(worker.SDK_REFUSED), "Sum", "SDK refused"),
                line(ours(worker.FEE_REFUSED), "Sum", "Fee refused"),
                line(ours(worker.FOREIGN_TRANSACTIONS), "Maximum", "Foreign transactions a day"),
            ),
            self._widgets.graph(
                "Balance, ALLO",
                line(ours(worker.BALANCE), "Average", "Balance"),
                limit=Limit("Alarm", float(limits.balance)),
            ),
            self._restarts(),
        ]

    def _restarts(self) -> Widget:
        host = self.sources.host
        return self._widgets.graph(
            "Restarts",
            line(host("WorkerRestarts"), "Sum", "Worker"),
            line(host("ModelRestarts"), "Sum", "Model"),
        )

    def _host(self) -> list[Widget]:
        ec2, host = self.sources.ec2, self.sources.host
        cpu = [line(ec2("CPUUtilization"), "Average", "CPU, %")]
        if self.burstable:
            cpu.append(line(ec2("CPUCreditBalance"), "Average", "Credits", yAxis="right"))
        return [
            self._widgets.graph(
                "CPU, %, and credits (right)" if self.burstable else "CPU, %", *cpu
            ),
            self._widgets.graph(
                "Disk, %",
                line(host("DiskUsed"), "Average", "Disk"),
                limit=Limit("Alarm", FULL_DISK),
            ),
            self._widgets.graph(
                "Network, bytes",
                line(ec2("NetworkIn"), "Average", "In"),
                line(ec2("NetworkOut"), "Average", "Out"),
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
        return self._widgets.log(self.log_groups[part], title, query)


def _text(limits: Limits | None, log_urls: Mapping[str, str]) -> Widget:
    markdown = _NOT_OURS
    if limits:
        markdown = _EARNING.format(windows=limits.missed_windows, balance=limits.balance)
    return text_widget(markdown, log_urls)
