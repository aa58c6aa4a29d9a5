"""Rate limits: of requests, and of each peer's connections."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable


class RateLimit:
    """A token bucket that holds `burst` requests."""

    def __init__(
        self, per_minute: float, burst: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_minute / 60
        self._burst = burst
        self._monotonic = monotonic
        self._left = float(burst)
        self._looked_at = monotonic()

    def take(self) -> int:
        """Admit a request and return 0, or return the seconds until one is admitted."""
        now = self._monotonic()
        self._left = min(self._burst, self._left + (now - self._looked_at) * self._per_second)
        self._looked_at = now
        if self._left < 1:
            return math.ceil((1 - self._left) / self._per_second)
        self._left -= 1
        return 0


class PeerLimit:
    """Limits the visits in each second, in total and of each peer."""

    def __init__(
        self,
        per_second: int,
        per_second_of_a_peer: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_second = per_second
        self._per_second_of_a_peer = per_second_of_a_peer
        self._monotonic = monotonic
        self._second = 0
        self._visits: Counter[str] = Counter()  # in this second

    def take(self, peer: str) -> bool:
        """Admit one visit of a peer, or return False."""
        if (now := int(self._monotonic())) != self._second:
            self._second = now
            self._visits.clear()
        if self._visits[peer] >= self._per_second_of_a_peer:
            return False
        if self._visits.total() >= self._per_second:
            return False
        self._visits[peer] += 1
        return True
