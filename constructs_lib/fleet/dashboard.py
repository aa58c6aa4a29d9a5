"""The dashboard of a fleet, from "Do all of them earn?" to the logs.

Graphs show the metrics that the workers share; queries of the logs show each worker. A further
worker changes nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from constructs_lib.alarms import Limits
from constructs_lib.fleet.alarms import NOT_EARNING_MINUTES
from constructs_lib.metrics import FleetSources
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
from containers.worker.allora_worker import metric_names as metrics

_TEXT: Final = """\
# Do all of them earn?

- **Yes**, while every worker has *rewards*: the table *Workers*, the one with the oldest success
  first.
- **Running workers** should be as many as `fleet.toml` has that are not paused.
- Graphs show the worst worker: its windows since the last success, its balance, its minutes without
  earning.
- A red alarm's description says what to do. `allora status` names the worker.
"""

_WORKER: Final = "| parse @logStream '*/*/*' as name, container, task "
"""A stream's name begins with the worker's."""


@dataclass(frozen=True)
class FleetDashboard:
    """A dashboard.

    Attributes:
        alarm_arns: of the fleet's alarms.
        log_groups: names of log groups by part.
        log_urls: their pages in the console.
        limits: of the alarms.
    """

    region: str
    sources: FleetSources
    alarm_arns: Sequence[str]
    log_groups: Mapping[str, str]
    log_urls: Mapping[str, str]
    limits: Limits

    def body(self) -> str:
        """Return the dashboard of the last day as JSON."""
        return body_of(self._rows())

    @property
    def _widgets(self) -> Widgets:
        return Widgets(self.region)

    def _rows(self) -> Iterator[Row]:
        yield 6, [text_widget(_TEXT, self.log_urls), alarm_widget(self.alarm_arns)]
        yield 4, self._numbers()
        yield 8, [self._workers()]
        yield 6, self._earning()
        yield 6, self._trouble()
        yield 8, [self._verdicts(), self._lost_windows()]
        yield 8, [self._last_errors(), self._last_lines()]

    def _numbers(self) -> list[Widget]:
        of = self.sources.of
        return [
            self._widgets.totals(
                "In the time that is shown",
                line(of(metrics.REWARDS), "Sum", "Rewards, ALLO"),
                line(of(metrics.SUBMISSIONS), "Sum", "Submissions"),
                line(of(metrics.SUBMISSIONS), "SampleCount", "Windows"),
            ),
            self._widgets.numbers(
                "Now, of the worst worker",
                line(of(metrics.WINDOWS_SINCE_SUCCESS), "Maximum", "Windows since the success"),
                line(of(metrics.BALANCE), "Minimum", "Balance, ALLO"),
            ),
            self._widgets.numbers(
                "Now", line(of(metrics.RUNNING_WORKERS), "Sum", "Running workers"), period=60
            ),
        ]

    def _workers(self) -> Widget:
        query = (
            '| filter event = "metric" | stats '
            "latest(WindowsSinceSuccess) as windows_since_success, sum(Rewards) as rewards, "
            "sum(Submissions) as submissions, count(Submissions) as windows, "
            "latest(Balance) as balance, latest(Score) as score by WorkerName as worker "
            "| sort windows_since_success desc | limit 500"
        )
        return self._log("worker", "Workers", query)

    def _earning(self) -> list[Widget]:
        of = self.sources.of
        return [
            self._widgets.graph("Rewards, ALLO", line(of(metrics.REWARDS), "Sum", "Rewards")),
            self._widgets.graph(
                "Windows, and submissions in them",
                line(of(metrics.SUBMISSIONS), "SampleCount", "Windows", color=RED),
                line(of(metrics.SUBMISSIONS), "Sum", "Submissions"),
            ),
            self._widgets.graph(
                "Windows since the last success, of the worst worker",
                line(of(metrics.WINDOWS_SINCE_SUCCESS), "Maximum", "Windows"),
                limit=Limit("Alarm", self.limits.missed_windows),
            ),
        ]

    def _trouble(self) -> list[Widget]:
        of = self.sources.of
        return [
            self._widgets.graph(
                "Running workers",
                line(of(metrics.RUNNING_WORKERS), "Sum", "Workers"),
                period=60,
            ),
            self._widgets.graph(
                "Trouble of the worst worker, in minutes",
                line(of(metrics.MINUTES_NOT_EARNING), "Maximum", "Not earning"),
                line(of(metrics.MINUTES_REFUSED), "Maximum", "Refused"),
                line(
                    of(metrics.FOREIGN_TRANSACTIONS), "Maximum", "Foreign transactions in 24 hours"
                ),
                limit=Limit("Alarm: not earning", NOT_EARNING_MINUTES),
            ),
            self._widgets.graph(
                "Balance, ALLO, of the poorest worker",
                line(of(metrics.BALANCE), "Minimum", "Balance"),
                limit=Limit("Alarm", float(self.limits.balance)),
            ),
        ]

    def _verdicts(self) -> Widget:
        query = (
            f'{_WORKER}| filter event in ["judged", "rewarded"] '
            "| fields @timestamp, name, topic, nonce, message | sort @timestamp desc | limit 50"
        )
        return self._log("worker", "The network's verdicts", query)

    def _lost_windows(self) -> Widget:
        query = (
            f'{_WORKER}| filter event = "window_lost" | stats count(*) as windows '
            "by name, topic, kind | sort windows desc | limit 100"
        )
        return self._log("worker", "Lost windows by worker and reason", query)

    def _last_errors(self) -> Widget:
        query = (
            f'{_WORKER}| filter level in ["error", "warning"] '
            "| fields @timestamp, name, level, message | sort @timestamp desc | limit 50"
        )
        return self._log("worker", "Last errors of the workers", query)

    def _last_lines(self) -> Widget:
        query = f"{_WORKER}| fields @timestamp, name, @message | sort @timestamp desc | limit 50"
        return self._log("model", "Last lines of the models", query)

    def _log(self, part: str, title: str, query: str) -> Widget:
        return self._widgets.log(self.log_groups[part], title, query)
