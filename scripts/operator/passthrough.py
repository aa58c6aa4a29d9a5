"""Runs a program whose output the operator sees, and keeps the end of that output.

At a terminal the program has one of its own (a pseudo-terminal), so that it draws and asks as if it
had been typed in; what it writes is passed on as it comes. Elsewhere its output is passed on too.

Ctrl-C is for the program, which ends in order; when it has, the command ends as interrupted.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import tty
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Final

_KEPT_BYTES: Final = 256 * 1024
_CHUNK: Final = 64 * 1024
_POLL_SECONDS: Final = 0.5

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-_]")
_FRAMES = re.compile(r"[│╷╵]")


@dataclass(frozen=True)
class Outcome:
    """How a program ended.

    Attributes:
        code: its exit status; 128 and the signal's number when a signal ended it.
        text: the end of what it wrote, in one line: without colours, frames and line breaks, which
            come wherever the screen was at its end.
        interrupted: whether Ctrl-C was passed on to it.
    """

    code: int
    text: str
    interrupted: bool


def run(command: Sequence[str], environment: Mapping[str, str]) -> Outcome:
    """Runs a program; its output goes to stderr, because stdout is for results.

    Args:
        command: the program and its arguments.
        environment: the program's.
    """
    run_it = _run_at_terminal if is_interactive() else _run_elsewhere
    return run_it(command, environment)


def is_interactive() -> bool:
    """Whether somebody can read what a program asks, and answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _run_at_terminal(command: Sequence[str], environment: Mapping[str, str]) -> Outcome:
    size = fcntl.ioctl(sys.stdin, termios.TIOCGWINSZ, bytes(8))
    process, master = pty.fork()
    if process == pty.CHILD:
        try:
            fcntl.ioctl(0, termios.TIOCSWINSZ, size)
            os.execvpe(command[0], list(command), dict(environment))  # noqa: S606
        finally:
            os._exit(127)  # a forked child's only way out
    kept = bytearray()
    ctrl_c = _Interrupts(process)
    resize = _follow_size(master)
    try:
        with ctrl_c.passed_on(), resize, _raw(sys.stdin.fileno()):
            _copy(master, kept)
            code = _wait(process)
    finally:
        os.close(master)
    return Outcome(code, _plain(kept), ctrl_c.came)


def _run_elsewhere(command: Sequence[str], environment: Mapping[str, str]) -> Outcome:
    kept = bytearray()
    with subprocess.Popen(
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C comes by us, once
    ) as process:
        assert process.stdout is not None  # noqa: S101 - for the type checker
        ctrl_c = _Interrupts(process.pid)
        with ctrl_c.passed_on():
            while chunk := os.read(process.stdout.fileno(), _CHUNK):
                _show(chunk, kept)
            code = process.wait()
    return Outcome(code if code >= 0 else 128 - code, _plain(kept), ctrl_c.came)


class _Interrupts:
    """Passes Ctrl-C on to a process and to those that it has started in its group."""

    def __init__(self, process: int) -> None:
        self._process = process
        self.came = False

    @contextmanager
    def passed_on(self) -> Iterator[None]:
        before = {
            number: signal.signal(number, self._pass_on)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _pass_on(self, number: int, _frame: FrameType | None) -> None:
        self.came = True
        with suppress(ProcessLookupError):  # it has ended meanwhile
            os.killpg(self._process, number)


@contextmanager
def _follow_size(master: int) -> Iterator[None]:
    """The program's terminal has the size of ours, also when somebody changes it."""

    def copy_size(*_: object) -> None:
        size = fcntl.ioctl(sys.stdin, termios.TIOCGWINSZ, bytes(8))
        fcntl.ioctl(master, termios.TIOCSWINSZ, size)

    before = signal.signal(signal.SIGWINCH, copy_size)
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)


@contextmanager
def _raw(terminal: int) -> Iterator[None]:
    """Keys reach the program as they are typed; only Ctrl-C stays a signal, which is ours."""
    before = termios.tcgetattr(terminal)
    try:
        tty.setraw(terminal, termios.TCSANOW)
        mode = termios.tcgetattr(terminal)
        mode[3] |= termios.ISIG
        for key in (termios.VSUSP, termios.VQUIT):
            mode[6][key] = os.fpathconf(terminal, "PC_VDISABLE").to_bytes(1, "little")
        termios.tcsetattr(terminal, termios.TCSANOW, mode)
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _copy(master: int, kept: bytearray) -> None:
    """Between our terminal and the program's, until the program has closed its own."""
    keyboard: list[int] = [sys.stdin.fileno()]
    while True:
        ready, _, _ = select.select([master, *keyboard], [], [], _POLL_SECONDS)
        if master in ready:
            try:
                chunk = os.read(master, _CHUNK)
            except OSError:  # how Linux tells that the other side is closed
                return
            if not chunk:
                return
            _show(chunk, kept)
        if keyboard and keyboard[0] in ready:
            typed = os.read(keyboard[0], _CHUNK)
            if typed:
                os.write(master, typed)
            else:
                keyboard.clear()


def _wait(process: int) -> int:
    _, status = os.waitpid(process, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _show(chunk: bytes, kept: bytearray) -> None:
    sys.stderr.buffer.write(chunk)
    sys.stderr.buffer.flush()
    kept += chunk
    del kept[:-_KEPT_BYTES]


def _plain(kept: bytearray) -> str:
    text = _CONTROL.sub("", kept.decode(errors="replace"))
    return " ".join(_FRAMES.sub(" ", text).split())
