"""A terminal that somebody sits at: the `allora` command in it, keys, and what is on the screen."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pexpect

from tests.local.deployment import ROOT, Deployment

UP, DOWN, ENTER, CTRL_C = "\x1b[A", "\x1b[B", "\r", "\x03"

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


class Terminal:
    """A running command; everything that it wrote is in `text`."""

    def __init__(self, deployment: Deployment, *arguments: str, timeout: float = 900) -> None:
        environment = {
            name: value
            for name, value in deployment.environment.items()
            if name not in {"CI", "NO_COLOR"}
        }
        self._log = io.StringIO()
        self._child = pexpect.spawn(
            sys.executable,
            ["-m", "scripts.operator", *arguments],
            cwd=str(ROOT),
            env=environment | {"TERM": "xterm-256color"},
            dimensions=(50, 160),
            timeout=timeout,
            encoding="utf-8",
            codec_errors="replace",
        )
        self._child.logfile_read = self._log

    @property
    def text(self) -> str:
        """Without colours and line breaks, which come wherever the screen was at its end."""
        return " ".join(_CONTROL.sub("", self._log.getvalue()).split())

    def expect(self, pattern: str) -> None:
        assert self._child.expect([pattern, pexpect.EOF, pexpect.TIMEOUT]) == 0, self.text

    def type(self, keys: str) -> None:
        self._child.send(keys)

    def enter(self, line: str) -> None:
        self._child.sendline(line)

    def end(self) -> int:
        """Waits for the command's end; its exit code."""
        assert self._child.expect([pexpect.EOF, pexpect.TIMEOUT]) == 0, self.text
        self._child.close()
        return os.waitstatus_to_exitcode(self._child.status or 0)

    def close(self) -> None:
        self._child.close(force=True)


@contextmanager
def terminal(deployment: Deployment, *arguments: str) -> Iterator[Terminal]:
    opened = Terminal(deployment, *arguments)
    try:
        yield opened
    finally:
        opened.close()
