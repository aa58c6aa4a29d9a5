"""Runs the real tools, their output in a log, and ends them in order at Ctrl-C."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from devtools.embedded_aws.cdktf_interrupts import Interrupts as Passing
from devtools.embedded_aws.interrupts import Interrupts
from devtools.embedded_aws.processes import end, kill_tree

_POLL_SECONDS: Final = 0.05
_TELLING_LINES: Final = 8

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


@dataclass(frozen=True)
class Finished:
    """A command that has ended.

    Attributes:
        title: What it is called on the screen.
        code: Its exit status.
        log: The file that has all of its output.
        output: The same without colours.
    """

    title: str
    code: int
    log: Path
    output: str


class ToolError(Exception):
    """A tool has failed, or has found what should not be.

    Attributes:
        tool: How it has ended.
    """

    def __init__(self, tool: Finished, outcome: str = "failed") -> None:
        super().__init__(f"{tool.title} {outcome}")
        self.tool = tool


class Tools:
    """Runs commands one after the other, or side by side.

    Args:
        directory: Where they run.
        environment: Theirs.
        logs: The folder that gets a file for each command.
        interrupts: When to end them.
        patience: Seconds that they may take to end then, before they are killed.
    """

    def __init__(
        self,
        directory: Path,
        environment: Mapping[str, str],
        logs: Path,
        interrupts: Interrupts,
        patience: float,
    ) -> None:
        self._directory = directory
        self._environment = {**environment, "NO_COLOR": "1"}
        self._logs = logs
        self._interrupts = interrupts
        self._patience = patience
        logs.mkdir(parents=True, exist_ok=True)

    def run(self, *command: str, title: str) -> None:
        """Run a command that must succeed.

        Args:
            command: The program and its arguments.
            title: What it is called on the screen.

        Raises:
            ToolError: It failed.
            Interrupted: Ctrl-C. It has ended, and all that it started.
        """
        (finished,) = self.run_together({title: command})
        if finished.code:
            raise ToolError(finished)

    def run_together(self, commands: Mapping[str, Sequence[str]]) -> list[Finished]:
        """Run commands at the same time; return how each has ended.

        Args:
            commands: Each by its title.

        Raises:
            Interrupted: Ctrl-C. They have ended, and all that they started.
        """
        self._interrupts.check()
        processes = [self._start(title, command) for title, command in commands.items()]
        self._wait(processes)
        self._interrupts.check()
        return [
            Finished(title, process.returncode, self._log(title), _plain(self._log(title)))
            for process, title in zip(processes, commands, strict=True)
        ]

    def _start(self, title: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
        with self._log(title).open("wb") as output:
            return subprocess.Popen(
                command,
                cwd=self._directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C comes by us
            )

    def _log(self, title: str) -> Path:
        return self._logs / f"{title.replace(' ', '-')}.log"

    def _wait(self, processes: Sequence[subprocess.Popen[bytes]]) -> None:
        """Wait until all have ended; have each end in order once Ctrl-C has come."""
        passing = {process.pid: Passing(process.pid, "terraform") for process in processes}
        deadline = 0.0
        started: set[psutil.Process] = set()
        while running := [process.pid for process in processes if process.poll() is None]:
            if self._interrupts.count:
                deadline = deadline or time.monotonic() + self._patience
                for pid in running:
                    # Once: at a second Ctrl-C Terraform would leave its state locked.
                    if not passing[pid].came:
                        passing[pid].take()
                    started |= passing[pid].descendants()
                    passing[pid].pass_on()
                    if time.monotonic() > deadline:
                        kill_tree(pid)
            time.sleep(_POLL_SECONDS)
        # What has lost its parent.
        end(started, seconds=1)


def telling_lines(output: str) -> list[str]:
    """Return the lines that say why a tool failed: from its first error, or the last ones."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    first = next((number for number, line in enumerate(lines) if "Error:" in line), None)
    if first is None:
        return lines[-_TELLING_LINES:]
    return lines[first : first + _TELLING_LINES]


def _plain(log: Path) -> str:
    return _CONTROL.sub("", log.read_text(encoding="utf-8", errors="replace"))
