"""When blocks come: chain heights as moments of this process's clock."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Final

_SAMPLES: Final = 50
_FASTEST: Final = 0.1
_SLOWEST: Final = 30.0


class BlockClock:
    """Estimates the time until a block, from the blocks seen so far.

    Args:
        default_block: Seconds between blocks, until there are two blocks to measure it from.
        monotonic: The process's clock.
    """

    def __init__(
        self, default_block: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._default_block = default_block
        self._monotonic = monotonic
        self._blocks: deque[tuple[int, datetime]] = deque(maxlen=_SAMPLES)
        self._height = 0
        self._seen_at = monotonic()

    def observe(self, height: int, block_time: datetime | None) -> None:
        """Takes note of a block, with its time in its header where that is known."""
        if height <= self._height:
            return
        self._height = height
        self._seen_at = self._monotonic()
        if block_time is not None:
            self._blocks.append((height, block_time))

    @property
    def block_seconds(self) -> float:
        """Seconds between blocks, measured on the chain's own clock."""
        if len(self._blocks) < 2:  # noqa: PLR2004 - an interval has two ends
            return self._default_block
        (first, started), (last, ended) = self._blocks[0], self._blocks[-1]
        return min(max((ended - started).total_seconds() / (last - first), _FASTEST), _SLOWEST)

    @property
    def height(self) -> int:
        """The height that the chain has reached by now, as far as can be told."""
        elapsed = self._monotonic() - self._seen_at
        return self._height + int(elapsed / self.block_seconds)

    def seconds_until(self, height: int) -> float:
        """Seconds until the chain reaches a height; negative when it has."""
        elapsed = self._monotonic() - self._seen_at
        return (height - self._height) * self.block_seconds - elapsed
