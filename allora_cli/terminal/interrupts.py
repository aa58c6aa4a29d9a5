"""Ctrl-C in commands that run for long."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any, Self


class CtrlC:
    """Ctrl-C ends a loop, also where the exception gets lost.

    Python ignores those that are raised in a destructor or a callback of its own, and a wait is
    long enough for that to happen.
    """

    def __init__(self) -> None:
        self._came = False
        self._before: Any = None

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def check(self) -> None:
        """Raises KeyboardInterrupt once more when Ctrl-C has come."""
        if self._came:
            raise KeyboardInterrupt

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        self._came = True
        raise KeyboardInterrupt
