"""Tells from the account's sequence whether somebody else sends with the wallet."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

_DAY: Final = 86_400.0


class OwnSequence:
    """The sequence that the account has as long as nobody but this process sends.

    Args:
        now: Unix time.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._next: int | None = None
        self._now = now
        self._moved_at: deque[float] = deque()

    @property
    def moves_in_a_day(self) -> int:
        """How often it was found moved in the last 24 hours."""
        while self._moved_at and self._moved_at[0] <= self._now() - _DAY:
            self._moved_at.popleft()
        return len(self._moved_at)

    def sent(self, sequence: int) -> None:
        """Record a transaction of this process that may be in a block, now or later."""
        self._next = max(self._next or 0, sequence + 1)

    def confirmed(self, sequence: int) -> None:
        """Record a transaction of this process that is in a block."""
        self._next = sequence + 1

    def take_moved(self, sequence: int) -> bool:
        """Return whether somebody else has sent since the last call.

        Args:
            sequence: The account's, as a node says.
        """
        known, self._next = self._next, max(self._next or 0, sequence)
        has_moved = known is not None and sequence > known
        if has_moved:
            self._moved_at.append(self._now())
        return has_moved

    def report(self) -> dict[str, object]:
        """Return the part of `/health` about transactions that somebody else has sent."""
        count = self.moves_in_a_day
        last = datetime.fromtimestamp(self._moved_at[-1], UTC) if count else None
        return {
            "last_24_hours": count,
            "last_at": last and last.isoformat(timespec="seconds"),
        }
