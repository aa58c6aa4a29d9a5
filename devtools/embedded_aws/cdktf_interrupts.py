"""Pass Ctrl-C on to what cdktf runs, then to cdktf: it does not wait for Terraform by itself."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

import psutil


class Interrupts:
    """Passes Ctrl-C on: to what a program runs, and to itself only when nothing of that is left.

    cdktf does not wait for Terraform: at Ctrl-C it ends, and Terraform loses its terminal. That
    kills it, maybe before it has saved its state, and mostly before it has unlocked it.

    Args:
        process: the program, which leads a process group.
        inner: name of what it runs.
    """

    def __init__(self, process: int, inner: str) -> None:
        self._process = process
        self._inner = inner
        self._signalled: set[int] = set()
        self.came = False

    def take(self, *_: object) -> None:
        """Have `pass_on` signal everything again: at a second Ctrl-C, Terraform ends at once."""
        self.came = True
        self._signalled.clear()

    def pass_on(self) -> None:
        """Forward a pending Ctrl-C; call on every poll."""
        if not self.came:
            return
        with suppress(ProcessLookupError):  # it has ended meanwhile
            inner = {each.pid for each in self.descendants() if _name(each) == self._inner}
            for pid in inner - self._signalled:
                self._signalled.add(pid)
                os.kill(pid, signal.SIGINT)
            if not inner and self._process not in self._signalled:
                self._signalled.add(self._process)
                os.killpg(self._process, signal.SIGINT)

    def descendants(self) -> set[psutil.Process]:
        """Return the processes that the program runs, and those that these run."""
        try:
            return set(psutil.Process(self._process).children(recursive=True))
        except psutil.NoSuchProcess:
            return set()


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return ""
