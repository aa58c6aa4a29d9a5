"""Turn what is known of a host into events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from allora_cli.deploy.events import HostActivity, HostProgress, ObstacleMet, StepProgress
from allora_cli.deploy.progress import Progress, Source, Step
from allora_cli.events import Event

_RECENT: Final = timedelta(minutes=5)
"""How long before the wait activities are reported: the host begins before Terraform ends."""


class News:
    """What has changed since the last look, as events.

    Args:
        progress: what is known.
        began: when the wait began; only steps that were done later have their seconds.
    """

    def __init__(self, progress: Progress, began: datetime) -> None:
        self._progress = progress
        self._began = began
        self._activities = 0
        self._obstacles: set[tuple[Source, str, bool]] = set()
        self._latest: HostProgress | None = None

    def take(self) -> Iterator[Event]:
        """Yield each event once."""
        for obstacle in tuple(self._progress.obstacles.values()):
            if obstacle.kind not in self._obstacles:
                self._obstacles.add(obstacle.kind)
                yield ObstacleMet(
                    obstacle.source, obstacle.code, obstacle.text, obstacle.needs_operator
                )
        new = self._progress.activities[self._activities :]
        self._activities += len(new)
        for at, activity in new:
            if at >= self._began - _RECENT:
                yield HostActivity(at, activity)
        present = self._present()
        if present != self._latest:
            self._latest = present
            yield present

    def _present(self) -> HostProgress:
        return HostProgress(
            tuple(
                StepProgress(step, step in self._progress.done, self._seconds(step))
                for step in self._progress.steps
            ),
            self._progress.activity,
            tuple(self._progress.obstacles.values()),
        )

    def _seconds(self, step: Step) -> float | None:
        if step not in self._progress.done or self._progress.done[step] < self._began:
            return None
        return self._progress.seconds(step)
