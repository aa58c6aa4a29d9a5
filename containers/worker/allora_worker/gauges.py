"""Reports the metrics that are measured every minute."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from . import metric_names as metrics
from . import reports
from .context import Context
from .metric_names import Metric
from .status import TopicStatus
from .verdict import NOT_EARNING


class Gauges:
    """The metrics of a worker's status."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._status = context.status
        self._labels = context.settings.labels
        self._since: dict[Metric, float] = {}

    async def run(self) -> None:
        """Report at regular intervals, whatever a report takes: a fleet's workers are counted."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + self._context.timings.gauges, loop.time())
            await asyncio.sleep(due - loop.time())
            self._report(loop.time())

    def _report(self, now: float) -> None:
        for topic in self._status.topics.values():
            self._report_success_age(topic)
        if self._status.balance_allo is not None:
            reports.metric(metrics.BALANCE, self._status.balance_allo, **self._labels)
        if self._context.settings.fleet:
            self._report_in_fleet(now)
        else:
            for metric in self._troubles():
                reports.metric(metric, 1, **self._labels)

    def _report_in_fleet(self, now: float) -> None:
        """Report so that a maximum or a sum tells of one worker among many."""
        reports.metric(metrics.RUNNING_WORKERS, 1, **self._labels)
        troubles = set(self._troubles())
        for metric, kinds in _LASTING.items():
            if troubles.isdisjoint(kinds):
                self._since.pop(metric, None)
            else:
                minutes = (now - self._since.setdefault(metric, now)) / 60
                reports.metric(metric, round(minutes, 1), **self._labels)

    def _troubles(self) -> Iterator[Metric]:
        """Yield the metrics of what is wrong now."""
        topics = self._status.topics.values()
        if any(topic.verdict.state in NOT_EARNING for topic in topics):
            yield metrics.NOT_EARNING
        if any(topic.is_sdk_refused for topic in topics):
            yield metrics.SDK_REFUSED
        if self._status.fees.refusal is not None:
            yield metrics.FEE_REFUSED

    def _report_success_age(self, topic: TopicStatus) -> None:
        if topic.epoch_blocks:
            epoch_seconds = topic.epoch_blocks * self._context.clock.block_seconds
            windows = topic.seconds_since_success / epoch_seconds
            labels = {"TopicId": str(topic.topic_id), **self._labels}
            reports.metric(metrics.WINDOWS_SINCE_SUCCESS, round(windows, 2), **labels)


_LASTING = {
    metrics.MINUTES_NOT_EARNING: {metrics.NOT_EARNING},
    metrics.MINUTES_REFUSED: {metrics.SDK_REFUSED, metrics.FEE_REFUSED},
}
"""Metrics of a fleet by the troubles that they measure."""
