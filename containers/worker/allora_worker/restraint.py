"""When a topic's transactions are worth their fee."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

MOST_REJECTED: Final = 3
"""So many transactions in a row may be paid for and rejected."""


class Restraint:
    """Holds payments back after several in a row that the chain took and rejected.

    From then on one transaction at a time is let through, with a pause after each, until one is
    accepted. So an endpoint that invents windows costs little, and a chain that is right again
    is noticed by itself.

    Args:
        monotonic: The clock.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._rejected = 0
        self._until = monotonic()

    @property
    def seconds_left(self) -> float:
        """Until a transaction may be paid for; 0 when it may."""
        return max(0.0, self._until - self._monotonic())

    def rejected(self, pause: float) -> bool:
        """Takes note of a transaction that was paid for and rejected.

        Args:
            pause: Seconds until the next one, should it come to that.

        Returns:
            Whether payments are held back now.
        """
        self._rejected += 1
        if self._rejected < MOST_REJECTED:
            return False
        self._until = self._monotonic() + pause
        return True

    def accepted(self) -> None:
        """Takes note of a transaction that the chain accepted."""
        self._rejected = 0
        self._until = self._monotonic()
