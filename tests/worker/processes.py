"""A worker as a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from allora_worker.timings import Timings

from tests.worker.timings import QUICK
from tests.worker.waiting import until

ROOT = Path(__file__).parents[2]
WORDS = {"abandon", "about", "zebra"}
"""Of the wallets."""

# Starting takes a process seconds, and on a busy computer many of them.
SECONDS = 120


class Process:
    """A worker's process, and all that it has written."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.output = ""
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.output += line.decode()

    def events(self, name: str) -> list[dict[str, Any]]:
        lines = [line for line in self.output.splitlines() if line.startswith("{")]
        return [event for event in map(json.loads, lines) if event["event"] == name]

    async def wrote(self, event: str, text: str = "") -> None:
        """Waits until it has written an event, with a text in it."""
        await until(lambda: self._has(event, text) or self._process.returncode is not None, SECONDS)
        assert self._has(event, text), self.output

    def _has(self, event: str, text: str) -> bool:
        return any(text in each.get("message", "") for each in self.events(event))

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    async def ended(self) -> int:
        code = await asyncio.wait_for(self._process.wait(), SECONDS)
        await self._reading
        return code

    async def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self.ended()


async def start_process(
    environ: dict[str, str],
    *arguments: str,
    module: str = "tests.worker.quick",
    timings: Timings = QUICK,
) -> Process:
    """Starts a worker; without arguments on any port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *(arguments or ["0"]),
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(paths()),
            "TIMINGS": json.dumps(dataclasses.asdict(timings)),
        }
        | environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    return Process(process)


def paths() -> list[str]:
    """Where the modules are; not scripts/, which would hide Python's own `operator`."""
    return [str(ROOT), str(ROOT / "containers" / "worker")]


def resident(pid: int) -> float:
    """A process's memory, in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
