"""Converts between the chain's heights and this process's clock."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import Final

from .chain_reset import ResetDetector

MAX_BLOCKS_AHEAD: Final = 100
"""Blocks by which an announcement on the websocket may be ahead of the clock."""

_SAMPLES: Final = 50
# Bounds of the seconds between two blocks.
_FASTEST: Final = 0.05
_SLOWEST: Final = 30.0
# Blocks by which two nodes of one endpoint may differ.
_NODES_DIFFER: Final = 20
# Blocks by which the websocket may be ahead of the height that polling predicts.
_AHEAD: Final = 2


class BlockClock:
    """Estimates the time until a block from the blocks seen so far.

    Each poll overrides the one before it, so that a wrong answer does harm until the next one only.

    Args:
        default_block: Seconds between blocks, until two blocks were seen.
        monotonic: The process's clock.
    """

    def __init__(
        self, default_block: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._default_block = default_block
        self._monotonic = monotonic
        self._blocks: deque[tuple[int, datetime]] = deque(maxlen=_SAMPLES)
        self._measured: float | None = None
        self._reset = ResetDetector()
        self.resets = 0
        """How often the chain has started again from its first block."""
        self._polled, self._polled_at = 0, monotonic()
        self._height, self._seen_at = 0, monotonic()

    def observe(self, height: int, block_time: datetime | None) -> None:
        """Record the newest block that polling found, with the time in its header."""
        now = self._monotonic()
        is_reset = block_time is not None and self._reset.is_reset(height, block_time)
        self.resets += is_reset
        if is_reset or not self._is_possible(height, now):
            self._blocks.clear()
        self._polled, self._polled_at = height, now
        if height != self._height:
            self._height, self._seen_at = height, now
        if block_time is not None and (not self._blocks or height > self._blocks[-1][0]):
            self._blocks.append((height, block_time))
        self._measured = _measure(self._blocks)

    def hear(self, height: int) -> bool:
        """Record a block that the websocket announced; return False when it is implausible.

        A block is implausible if the chain would have to be faster than measured, or to have been
        reset.
        """
        now = self._monotonic()
        if height < self._polled - _NODES_DIFFER:
            return False
        if height > self._polled + (now - self._polled_at) / self.block_seconds + _AHEAD:
            return False
        if height > self._height:
            self._height, self._seen_at = height, now
        return True

    @property
    def is_reset_suspected(self) -> bool:
        """Whether the last poll found a block that only a reset of the chain explains."""
        return self._reset.is_suspected

    @property
    def is_measured(self) -> bool:
        """Whether `block_seconds` is measured."""
        return self._measured is not None

    @property
    def block_seconds(self) -> float:
        """Seconds between blocks by the chain's own clock, or the default."""
        return self._default_block if self._measured is None else self._measured

    @property
    def height(self) -> int:
        """The height that the chain should have reached by now."""
        elapsed = self._monotonic() - self._seen_at
        return self._height + int(elapsed / self.block_seconds)

    def seconds_until(self, height: int) -> float:
        """Return the seconds until the chain reaches a height; negative when it has."""
        elapsed = self._monotonic() - self._seen_at
        return (height - self._height) * self.block_seconds - elapsed

    def _is_possible(self, height: int, now: float) -> bool:
        most = self._polled + (now - self._polled_at) / _FASTEST + _NODES_DIFFER
        return self._polled - _NODES_DIFFER <= height <= most


def _measure(blocks: deque[tuple[int, datetime]]) -> float | None:
    """Return the median of the seconds between blocks, which ignores a few wrong headers."""
    each = [
        (ended - started).total_seconds() / (last - first)
        for (first, started), (last, ended) in pairwise(blocks)
    ]
    possible = [seconds for seconds in each if _FASTEST <= seconds <= _SLOWEST]
    return median(possible) if possible else None
