"""Reports the metrics that are measured every minute."""

from __future__ import annotations

import asyncio

from . import metric_names as metrics
from . import reports
from .context import Context
from .status import TopicStatus
from .verdict import NOT_EARNING


class Gauges:
    """The metrics of a worker's status."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._status = context.status
        self._labels = {"WorkerName": context.settings.worker_name}

    async def run(self) -> None:
        """Report at regular intervals."""
        while True:
            await asyncio.sleep(self._context.timings.gauges)
            self._report()

    def _report(self) -> None:
        topics = self._status.topics.values()
        for topic in topics:
            self._report_success_age(topic)
        if self._status.balance_allo is not None:
            reports.metric(metrics.BALANCE, self._status.balance_allo, **self._labels)
        for metric, is_in_trouble in (
            (metrics.NOT_EARNING, any(topic.verdict.state in NOT_EARNING for topic in topics)),
            (metrics.SDK_REFUSED, any(topic.is_sdk_refused for topic in topics)),
            (metrics.FEE_REFUSED, self._status.fees.refusal is not None),
        ):
            if is_in_trouble:
                reports.metric(metric, 1, **self._labels)

    def _report_success_age(self, topic: TopicStatus) -> None:
        if topic.epoch_blocks:
            epoch_seconds = topic.epoch_blocks * self._context.clock.block_seconds
            windows = topic.seconds_since_success / epoch_seconds
            labels = {"TopicId": str(topic.topic_id), **self._labels}
            reports.metric(metrics.WINDOWS_SINCE_SUCCESS, round(windows, 2), **labels)
