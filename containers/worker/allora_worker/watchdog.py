"""Ends the process when it hangs, because a process that hangs looks alive to Docker."""

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
    """Ends the process when the event loop stands still.

    Args:
        limit: Seconds without a tick.
        end: Ends the process; called on a thread of its own.
    """

    def __init__(self, limit: float, end: Callable[[], None]) -> None:
        self._limit = limit
        self._end = end
        self._ticked = time.monotonic()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    async def run(self) -> None:
        """Ticks for as long as the event loop lets it."""
        self._thread.start()
        while True:
            self._ticked = time.monotonic()
            await asyncio.sleep(min(_TICK, self._limit / 4))

    def _watch(self) -> None:
        while time.monotonic() - self._ticked < self._limit:
            time.sleep(min(_TICK, self._limit / 4))
        _try_to_say(f"the worker stood still for {self._limit:.0f} s and is ended")
        self._end()


def end_process(code: int) -> None:
    """Ends the process at once, whatever hangs."""
    os._exit(code)  # the normal way out would wait for what hangs


def _try_to_say(message: str) -> None:
    """Reports, unless the standard output is what hangs."""
    thread = threading.Thread(target=reports.error, args=(Event.HUNG, message), daemon=True)
    thread.start()
    thread.join(1)


def end_process_in(seconds: float, code: int) -> None:
    """Ends the process after a while unless it has ended by itself; safe in a signal handler."""

    def end() -> None:
        _try_to_say(f"something still hangs {seconds:.0f} s after the stop; the process is ended")
        end_process(code)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
