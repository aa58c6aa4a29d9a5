"""A terminal that somebody sits at: the `allora` command in it, keys, and what is on the screen."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pexpect
import pyte

from tests.local.deployment import ROOT, Deployment

UP, DOWN, ENTER, CTRL_C, CTRL_D = "\x1b[A", "\x1b[B", "\r", "\x03", "\x04"

_BREAK = rb"(?:\x1b\[[0-9;]*m)*\s(?:\s|\x1b\[[0-9;]*m)*"
"""Between two words: blanks or the end of a line, and colours."""

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_PATIENCE = 900  # seconds; no test is about how fast a command is


class Terminal:
    """A running command at a terminal.

    Attributes:
        received: all that it has written.
    """

    def __init__(
        self,
        deployment: Deployment,
        *arguments: str,
        rows: int = 50,
        columns: int = 160,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.received = b""
        self._screen = pyte.Screen(columns, rows)
        self._screen.set_mode(pyte.modes.LNM)
        self._stream = pyte.ByteStream(self._screen)
        ours = {
            name: value
            for name, value in deployment.environment.items()
            if name not in {"CI", "NO_COLOR", "COLUMNS", "LINES"}
        }
        self._child: Any = pexpect.spawn(  # in bytes; its types know texts only
            sys.executable,
            ["-m", "allora_cli", *arguments],
            cwd=str(ROOT),
            env=ours | {"TERM": "xterm-256color"} | dict(environment or {}),
            dimensions=(rows, columns),
            timeout=_PATIENCE,
            preexec_fn=_heed_ctrl_c,
        )
        self._child.logfile_read = self

    def write(self, output: bytes) -> None:
        """Takes what the command writes; pexpect calls it."""
        self.received += output
        self._stream.feed(output)

    def flush(self) -> None:
        """Does nothing; pexpect calls it."""

    @property
    def text(self) -> str:
        """All that was written, without colours and line breaks.

        They come wherever the screen was at its end.
        """
        return " ".join(_CONTROL.sub("", self.received.decode(errors="replace")).split())

    @property
    def display(self) -> str:
        """What stands on the screen."""
        return "\n".join(line.rstrip() for line in self._screen.display).strip()

    def expect(self, text: str) -> None:
        """Waits until the command has written a text, in one line or in several."""
        words = (re.escape(word) for word in text.encode().split(b" "))
        self._wait_for(self._child.expect, _BREAK.join(words))

    def expect_pattern(self, pattern: str) -> None:
        """Waits until the command has written what a regular expression of bytes matches."""
        self._wait_for(self._child.expect, pattern.encode())

    def expect_event(self, event: threading.Event) -> None:
        """Waits for an event, and reads meanwhile, or a full terminal would stop the command."""
        until = time.monotonic() + _PATIENCE
        while not event.is_set():
            assert time.monotonic() < until, self.text
            assert self._child.expect([pexpect.TIMEOUT, pexpect.EOF], timeout=0.2) == 0, self.text

    def type(self, keys: str) -> None:
        self._child.send(keys.encode())

    def enter(self, line: str) -> None:
        self._child.sendline(line.encode())

    def enter_hidden(self, line: str) -> None:
        """Types once the terminal shows no more what is typed."""
        self.wait_until_hidden()
        self.enter(line)

    def wait_until_hidden(self) -> None:
        """Waits until the terminal shows no more what is typed."""
        assert self._child.waitnoecho(_PATIENCE), "what is typed would be shown"

    def interrupt(self) -> int:
        """Types Ctrl-C, and waits for the command's end; its exit code."""
        self._child.sendintr()
        return self.end()

    def end(self) -> int:
        """Waits for the command's end; its exit code."""
        self._wait_for(self._child.expect, pexpect.EOF)
        self._child.close()
        return os.waitstatus_to_exitcode(self._child.status or 0)

    def close(self) -> None:
        self._child.close(force=True)

    def _wait_for(self, expect: Any, what: Any) -> None:
        wanted = [what, pexpect.TIMEOUT] if what is pexpect.EOF else [
            what, pexpect.EOF, pexpect.TIMEOUT
        ]  # fmt: skip
        assert expect(wanted) == 0, self.text


def _heed_ctrl_c() -> None:
    """Heed signals as at every terminal, also where the tests run with them ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # `nohup` ignores it


@contextmanager
def terminal(
    deployment: Deployment,
    *arguments: str,
    rows: int = 50,
    columns: int = 160,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Terminal]:
    opened = Terminal(deployment, *arguments, rows=rows, columns=columns, environment=environment)
    try:
        yield opened
    finally:
        opened.close()
