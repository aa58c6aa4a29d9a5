"""Run levels, two at a time, until one fails."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import time
from asyncio.subprocess import Process
from collections.abc import Sequence
from contextlib import suppress

from scripts.test.levels import ROOT, Level
from scripts.test.report import Result, count_tests

_AT_ONCE = 2
_SECONDS_TO_STOP = 30


class LevelFailedError(Exception):
    """A level did not pass."""

    def __init__(self, level: Level) -> None:
        super().__init__(level.name)
        self.level = level


def run_alone(level: Level, seed: int) -> int:
    """Run a level in this terminal; return its exit code."""
    _prepare(level)
    return subprocess.run(
        level.command, cwd=ROOT, env=_environment(level, seed), check=False
    ).returncode


async def run_all(levels: Sequence[Level], seed: int) -> list[Result]:
    """Run levels, each with its output in a file.

    Raises:
        LevelFailedError: one failed; the others were stopped.
    """
    lanes = asyncio.Semaphore(_AT_ONCE)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_run(level, seed, lanes)) for level in levels]
    except* LevelFailedError as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]


async def _run(level: Level, seed: int, lanes: asyncio.Semaphore) -> Result:
    async with lanes:
        print(f"  • {level.name}: {level.subject}", flush=True)
        started = time.monotonic()
        code = await _run_into_file(level, seed)
        seconds = time.monotonic() - started
        if code:
            raise LevelFailedError(level)
        print(f"  ✔ {level.name}, {seconds:.0f} s", flush=True)
        return Result(level, seconds, count_tests(ROOT / level.report))


async def _run_into_file(level: Level, seed: int) -> int:
    _prepare(level)
    with (ROOT / level.output).open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *level.command,
            cwd=ROOT,
            env=_environment(level, seed),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_take_ctrl_c,
        )
        try:
            return await process.wait()
        finally:
            if process.returncode is None:
                await _stop(process)


def _prepare(level: Level) -> None:
    shutil.rmtree(ROOT / level.results, ignore_errors=True)
    (ROOT / level.results).mkdir(parents=True)


def _environment(level: Level, seed: int) -> dict[str, str]:
    options = f"--randomly-seed={seed} --junit-xml={level.report}"
    return {**os.environ, **level.environment, "PYTEST_ADDOPTS": options}


def _take_ctrl_c() -> None:
    """Let a level be stopped also where the caller ignores Ctrl-C, as scripts do for their jobs."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


async def _stop(process: Process) -> None:
    """End a level as Ctrl-C does, so that it takes down what it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    try:
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _SECONDS_TO_STOP)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
