"""Ctrl-C in commands that run for a long time."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO, Any, Self

from allora_cli.terminal.prompts import at_terminal


def ignore_ctrl_c() -> None:
    """Ignore Ctrl-C from now on, where all that is left is to print what was done."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class CtrlC:
    """End a loop at Ctrl-C, even if Python ignores the exception, as it does in destructors."""

    def __init__(self) -> None:
        self._came = False
        self._before: Any = None

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def check(self) -> None:
        """Raise KeyboardInterrupt again if Ctrl-C was pressed."""
        if self._came:
            raise KeyboardInterrupt

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        self._came = True
        raise KeyboardInterrupt


class Forwarding:
    """Forward Ctrl-C and SIGTERM once to the started programs; then raise KeyboardInterrupt.

    At a terminal, Ctrl-C reaches them by itself, since they are in our process group; a second one
    would make Terraform quit at once. Elsewhere they have their own session.
    """

    def __init__(self) -> None:
        self._at_terminal = at_terminal()
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
        """Start a program, with its stderr in its stdout."""
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
            if process.stdout is None:
                process.wait()
                continue
            with process.stdout as output:
                output.read()  # a closed pipe would end it, maybe with its state unsaved
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
