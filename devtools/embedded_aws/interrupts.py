"""Ends a command in order at Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import Final

import psutil

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(Exception):  # noqa: N818 - it reports no error
    """The user wants the command to end."""


class Interrupts:
    """Notes that Ctrl-C, SIGTERM or SIGHUP has come; `check` raises where it is safe to stop.

    An exception from the signal's handler could come between the start of a process and the note
    of its number.

    Attributes:
        count: How many have come.
    """

    def __init__(self) -> None:
        self.count = 0
        self._last = signal.SIGINT

    def take(self) -> None:
        """Handle the signals from now on."""
        for number in _SIGNALS:
            # `nohup` has its reason to ignore the end of the terminal.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._note)

    def check(self) -> None:
        """Raise Interrupted when one has come."""
        if self.count:
            raise Interrupted

    def exit_code(self) -> int:
        """Have `make` end by the same signal, if it has started us; return our exit code.

        Only then does it report no error of its own, and end a script that it is part of.
        """
        with suppress(psutil.Error):
            parent = psutil.Process().parent()
            if parent and parent.name() in {"make", "gmake"}:
                parent.send_signal(self._last)
                return 0
        return 128 + self._last

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.count += 1
        self._last = signal.Signals(number)
        if number == signal.SIGHUP:  # the terminal is gone, and with it where our output went
            nothing = os.open(os.devnull, os.O_RDWR)
            for stream in (sys.stdout, sys.stderr):
                os.dup2(nothing, stream.fileno())
            os.close(nothing)
