"""Hints from the websocket that a window has opened, and when to poll because of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Final

from .waiting import wait_for
from .windows import Window

# An opening may be announced before the node that is polled knows it.
_POLLS_FOR_A_HINT: Final = 5
_MAX_NONCES: Final = 1000


class Hints:
    """The announced nonces of one topic.

    A hint leads to a poll and no further: anyone on the websocket may announce anything.
    """

    def __init__(self) -> None:
        self._announced: dict[int, None] = {}  # a set in the order of arrival
        self._missing: set[int] = set()
        self._polls_left = 0
        self._poll_now = asyncio.Event()

    def announce(self, nonce: int, *, is_known: bool) -> None:
        """Record an announcement; poll soon, unless polling has found the window already."""
        if nonce in self._announced:
            return
        self._announced[nonce] = None
        if len(self._announced) > _MAX_NONCES:
            del self._announced[next(iter(self._announced))]
        self._missing.discard(nonce)
        if not is_known:
            self._polls_left = _POLLS_FOR_A_HINT
            self.poll_soon()

    def is_announced(self, nonce: int) -> bool:
        """Return whether the websocket announced the nonce."""
        return nonce in self._announced

    def expect(self, nonces: Iterable[int]) -> None:
        """Expect the announcement of windows that polling found first."""
        self._missing |= set(nonces) - self._announced.keys()

    def take_overdue(self, height: int, windows: Iterable[Window]) -> bool:
        """Return whether an expected announcement of an open window is overdue, once for each."""
        opened_at = {window.nonce: window.start for window in windows}
        self._missing &= opened_at.keys()
        overdue = {nonce for nonce in self._missing if height > opened_at[nonce] + 1}
        self._missing -= overdue
        return bool(overdue)

    def forget(self) -> None:
        """Forget all announcements."""
        self._announced.clear()
        self._missing.clear()

    def poll_soon(self) -> None:
        """End the current or the next wait early."""
        self._poll_now.set()

    async def wait_for_poll(self, seconds: float, *, at_least: float) -> None:
        """Wait for some seconds; when there are hints, only for the seconds in `at_least`."""
        began = time.monotonic()
        await wait_for(self._poll_now, at_least if self._polls_left else seconds)
        await asyncio.sleep(began + at_least - time.monotonic())
        self._polls_left = max(0, self._polls_left - 1)
        self._poll_now.clear()
