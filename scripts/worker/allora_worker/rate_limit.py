"""A limit for requests: so many at once, and so many a minute."""

from __future__ import annotations

import math
import time
from collections.abc import Callable


class RateLimit:
    """A bucket of permissions that fills slowly and is emptied by requests.

    Args:
        per_minute: How fast it fills.
        burst: How many it holds.
        monotonic: The clock.
    """

    def __init__(
        self, per_minute: float, burst: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_minute / 60
        self._burst = burst
        self._monotonic = monotonic
        self._left = float(burst)
        self._looked_at = monotonic()

    def take(self) -> int:
        """Takes one permission.

        Returns:
            0, or the seconds after which there will be one.
        """
        now = self._monotonic()
        self._left = min(self._burst, self._left + (now - self._looked_at) * self._per_second)
        self._looked_at = now
        if self._left < 1:
            return math.ceil((1 - self._left) / self._per_second)
        self._left -= 1
        return 0
