"""When windows open and close by themselves.

Workers submit from a nonce on for a window's length. Reputers wait until the truth is known, for
the ground truth lag; then they have until the second end of an epoch from there. A lag that is no
multiple of the epoch so makes two windows overlap:
https://github.com/allora-network/allora-chain/pull/993, which opens them later.
`UpdateReputerNonce` in x/emissions/module/rewards/nonce_management.go and `BlockWithin…` in
x/emissions/keeper/window_boundaries.go.
"""

from __future__ import annotations

from .options import Options, Timing
from .windows import Announcement, Role, Window, Windows


class Schedule:
    """Makes windows, at the ends of epochs and on demand.

    Args:
        options: Lengths and rules.
        windows: Where the windows are kept.
        first: The moment of the chain's first block, in the unit of its durations.
    """

    def __init__(self, options: Options, windows: Windows, first: float) -> None:
        self._options = options
        self._windows = windows
        self._next_epochs = {
            topic: first for topic in options.topics if options.timing(topic).epoch
        }

    def next_epoch(self, topic: int) -> float | None:
        """Return when a topic's epoch ends, or None where windows open on demand alone."""
        return self._next_epochs.get(topic)

    def end_epoch(self, topic: int, now: float) -> float | None:
        """Return when the epoch was due that ends with this block, and plan the next end.

        None: no epoch ends.
        """
        due = self._next_epochs.get(topic)
        if due is None or now < due:
            return None
        length = self._options.timing(topic).epoch
        due += (now - due) // length * length
        self._next_epochs[topic] = due + length
        return due

    def open(
        self,
        topic: int,
        role: Role,
        height: int,
        now: float,
        announce: Announcement = "both",
        *,
        is_scheduled: bool = False,
    ) -> Window:
        """Open a window in a block, at a moment in the unit of the chain's durations.

        A worker window is about its own block, and a reputer window about the newest nonce that
        workers are done with and reputers have not seen; without one, about its own block, too.
        """
        unscored = self._windows.unscored(topic) if role == "reputer" else []
        nonce = unscored[-1] if unscored else height
        length = self._options.timing(topic).window
        window = Window(
            *(topic, role, nonce, height, height + length, now, now + length, announce),
            is_scheduled=is_scheduled,
        )
        self._windows.add(window)
        return window

    def plan_reputers(self, workers: Window) -> Window | None:
        """Plan the reputers' window of an epoch whose workers are done.

        Returns:
            The window whose nonce no longer counts, because there are too many; None: none.
        """
        timing = self._options.timing(workers.topic)
        late = _extra_lag(timing) if self._options.aligned_reputers else 0
        start = timing.lag + late
        length = timing.lag + _extra_lag(timing) + timing.epoch
        self._windows.add(
            Window(
                workers.topic,
                "reputer",
                workers.nonce,
                workers.nonce + start,
                workers.nonce + length,
                workers.opens + start,
                workers.opens + length,
                is_scheduled=True,
                is_open=False,
            )
        )
        waiting = [each for each in self._windows.of(workers.topic, "reputer") if not each.is_over]
        return waiting[0] if len(waiting) > self._options.reputer_nonces else None

    def open_due(self, now: float) -> None:
        """Open the reputers' windows whose time has come; events tell of them later."""
        for window in self._windows.all:
            if window.is_scheduled and not window.is_over and now >= window.opens:
                window.is_open = True

    def untold(self, topic: int, now: float) -> list[Window]:
        """Return the reputers' windows that are to be told of now."""
        untold = [
            each
            for each in self._windows.of(topic, "reputer")
            if each.is_scheduled and each.is_open and not each.is_told and now < each.closes
        ]
        for window in untold:
            window.is_told = True
        return untold

    def due(self, now: float) -> list[Window]:
        """Return the windows that must close, those aside that wait for an epoch's end."""
        return [each for each in self._overdue(now) if not self._waits_for_epoch(each)]

    def due_with_epoch(self, topic: int, now: float) -> list[Window]:
        """Return the windows that an epoch's end closes."""
        return [
            each
            for each in self._overdue(now)
            if each.topic == topic and self._waits_for_epoch(each)
        ]

    def _overdue(self, now: float) -> list[Window]:
        return [each for each in self._windows.all if not each.is_over and now >= each.closes]

    def _waits_for_epoch(self, window: Window) -> bool:
        is_by_blocks = self._options.durations == "blocks"
        return is_by_blocks and window.is_scheduled and window.role == "reputer"


def _extra_lag(timing: Timing) -> int:
    """Return how long after the lag an epoch ends."""
    return -timing.lag % timing.epoch
