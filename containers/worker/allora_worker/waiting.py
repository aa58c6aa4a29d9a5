"""Waits and pauses."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, some seconds at most."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


async def in_own_task(call: Awaitable[T], seconds: float) -> T:
    """Await a call of the SDK in a task of its own, or raise `TimeoutError` after some seconds.

    grpclib cancels the task of a call that fails or takes too long, and never uncancels it. Before
    Python 3.11.3 `asyncio.timeout` does not work in such a task. And a call may take a cancellation
    for its own failure, and return it or go on: it counts all the same, once the call has ended.
    """
    task = asyncio.ensure_future(call)
    async with asyncio.timeout(seconds):
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            raise
    return task.result()


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
