"""Waits and pauses."""

from __future__ import annotations

import asyncio
import contextlib


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, some seconds at most."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


class Backoff:
    """Pauses in seconds, doubling from `least` to `most` until an attempt succeeds."""

    def __init__(self, least: float, most: float) -> None:
        self._least = self._next = least
        self._most = most

    def next(self) -> float:
        """Return the pause before the next attempt."""
        pause = self._next
        self._next = min(pause * 2, self._most)
        return pause

    def reset(self) -> None:
        """Begin with the shortest pause again, after a success."""
        self._next = self._least
