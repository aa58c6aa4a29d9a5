"""Ends a process that hangs, because it looks alive to Docker."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from typing import Final

from . import reports
from .event_names import Event

_TICK: Final = 1.0


class Watchdog:
    """Calls `end`, on a thread of its own, when the event loop stands still for `limit` seconds."""

    def __init__(self, limit: float, end: Callable[[], None]) -> None:
        self._limit = limit
        self._end = end
        self._ticked = time.monotonic()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    async def run(self) -> None:
        """Tick as long as the event loop runs."""
        self._thread.start()
        while True:
            self._ticked = time.monotonic()
            await asyncio.sleep(min(_TICK, self._limit / 4))

    def _watch(self) -> None:
        while time.monotonic() - self._ticked < self._limit:
            time.sleep(min(_TICK, self._limit / 4))
        _try_to_report(f"the worker stood still for {self._limit:.0f} s and is ended")
        self._end()


def end_process(code: int) -> None:
    """End the process at once, even if it hangs."""
    os._exit(code)  # sys.exit would wait for the other threads


def _try_to_report(message: str) -> None:
    """Report, unless the standard output hangs."""
    thread = threading.Thread(target=reports.error, args=(Event.HUNG, message), daemon=True)
    thread.start()
    thread.join(1)


def end_process_in(seconds: float, code: int) -> None:
    """End the process after some seconds unless it has ended; safe in a signal handler."""

    def end() -> None:
        _try_to_report(
            f"something still hangs {seconds:.0f} s after the stop; the process is ended"
        )
        end_process(code)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
