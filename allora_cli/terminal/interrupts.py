"""Ctrl-C in commands that run for long."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO, Any, Self


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


class Forwarding:
    """Ctrl-C and SIGTERM are for the programs that are started meanwhile, once each.

    At a terminal Ctrl-C reaches them by itself, since they are in our process group; a second one
    of ours would have Terraform end at once. Elsewhere they are in a session of their own. When
    they have ended, the block ends with KeyboardInterrupt.
    """

    def __init__(self) -> None:
        self._at_terminal = sys.stdin is not None and sys.stdin.isatty()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._before: dict[signal.Signals, Any] = {}
        self._came = False

    def start(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        stdout: IO[bytes] | int,
    ) -> subprocess.Popen[bytes]:
        """Start a program; its stderr goes where its stdout goes."""
        if self._came:
            raise KeyboardInterrupt
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=None if self._at_terminal else subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            start_new_session=not self._at_terminal,
        )
        self._processes.append(process)
        return process

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            if process.stdout:  # it would die of a closed pipe, maybe with its state unsaved
                process.stdout.read()
            process.wait()
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self._came:
            raise KeyboardInterrupt

    def _take(self, number: int, _frame: FrameType | None) -> None:
        self._came = True
        if number == signal.SIGINT and self._at_terminal:
            return
        for process in self._processes:
            process.send_signal(number)
