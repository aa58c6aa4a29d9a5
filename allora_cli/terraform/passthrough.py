"""Runs a program whose output the operator sees, and keeps the end of that output.

At a terminal the program has one of its own (a pseudo-terminal), so that it draws and asks as if it
had been typed in; what it writes is passed on as it comes. Elsewhere its output is passed on too.

Ctrl-C is for what the program runs, then for the program: both end in order. When they have, the
command ends as interrupted.
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
import time
import tty
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

import psutil

_KEPT_BYTES: Final = 256 * 1024
_CHUNK: Final = 64 * 1024
_POLL_SECONDS: Final = 0.2

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


def run(command: Sequence[str], environment: Mapping[str, str], *, inner: str) -> Outcome:
    """Runs a program; its output goes to stderr, because stdout is for results.

    Args:
        command: the program and its arguments.
        environment: the program's.
        inner: name of the programs that it runs, and that Ctrl-C has to end before it.
    """
    run_it = _run_at_terminal if is_interactive() else _run_elsewhere
    return run_it(command, environment, inner)


def is_interactive() -> bool:
    """Whether somebody can read what a program asks, and answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _run_at_terminal(command: Sequence[str], environment: Mapping[str, str], inner: str) -> Outcome:
    size = fcntl.ioctl(sys.stdin, termios.TIOCGWINSZ, bytes(8))
    process, master = pty.fork()
    if process == pty.CHILD:
        try:
            fcntl.ioctl(0, termios.TIOCSWINSZ, size)
            os.execvpe(command[0], list(command), dict(environment))  # noqa: S606
        finally:
            os._exit(127)  # a forked child's only way out
    kept = bytearray()
    interrupts = Interrupts(process, inner)
    resize = _follow_size(master)
    try:
        with interrupts.taken(), resize, _raw(sys.stdin.fileno()):
            _copy(master, kept, interrupts, keyboard=sys.stdin.fileno())
            code = _wait(process, interrupts)
    finally:
        os.close(master)
    return Outcome(code, _plain(kept), interrupts.came)


def _run_elsewhere(command: Sequence[str], environment: Mapping[str, str], inner: str) -> Outcome:
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
        interrupts = Interrupts(process.pid, inner)
        with interrupts.taken():
            _copy(process.stdout.fileno(), kept, interrupts)
            code = _wait(process.pid, interrupts)
            process.returncode = code
    return Outcome(code, _plain(kept), interrupts.came)


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
        self._told: set[int] = set()
        self.came = False

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Takes Ctrl-C and SIGTERM in place of Python."""
        before = {
            number: signal.signal(number, self.take) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def take(self, *_: object) -> None:
        """Has `pass_on` tell everything once more: a second Ctrl-C has Terraform end at once."""
        self.came = True
        self._told.clear()

    def pass_on(self) -> None:
        """Looks what is to be told now; to be called again and again."""
        if not self.came:
            return
        with suppress(ProcessLookupError):  # it has ended meanwhile
            inner = {each.pid for each in self.descendants() if _name(each) == self._inner}
            for pid in inner - self._told:
                self._told.add(pid)
                os.kill(pid, signal.SIGINT)
            if not inner and self._process not in self._told:
                self._told.add(self._process)
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


def _copy(
    program: int, kept: bytearray, interrupts: Interrupts, keyboard: int | None = None
) -> None:
    """Between our terminal and the program, until the program has closed its side."""
    while True:
        interrupts.pass_on()
        sources = [program] if keyboard is None else [program, keyboard]
        ready, _, _ = select.select(sources, [], [], _POLL_SECONDS)
        if program in ready:
            try:
                chunk = os.read(program, _CHUNK)
            except OSError:  # how Linux tells that the other side of a terminal is closed
                return
            if not chunk:
                return
            _show(chunk, kept)
        if keyboard in ready:
            typed = os.read(keyboard, _CHUNK)
            if typed:
                os.write(program, typed)
            else:
                keyboard = None


def _wait(process: int, interrupts: Interrupts) -> int:
    while True:
        interrupts.pass_on()
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code
        time.sleep(_POLL_SECONDS / 4)


def _show(chunk: bytes, kept: bytearray) -> None:
    sys.stderr.buffer.write(chunk)
    sys.stderr.buffer.flush()
    kept += chunk
    del kept[:-_KEPT_BYTES]


def _plain(kept: bytearray) -> str:
    text = _CONTROL.sub("", kept.decode(errors="replace"))
    return " ".join(_FRAMES.sub(" ", text).split())
