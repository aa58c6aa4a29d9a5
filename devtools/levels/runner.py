"""Run levels, three at a time, until one fails."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from devtools.levels.levels import ROOT, Level
from devtools.levels.report import Result, count_tests

_AT_ONCE = 3
_SECONDS_TO_STOP = 30


class LevelFailedError(Exception):
    """A level did not pass."""

    def __init__(self, level: Level) -> None:
        super().__init__(level.name)
        self.level = level


def run_alone(level: Level, seed: int) -> NoReturn:
    """Become a level, in this terminal."""
    _prepare(level)
    print(f"Random order: SEED={seed}", flush=True)
    os.chdir(ROOT)
    os.execvpe(level.command[0], level.command, _environment(level, seed))  # noqa: S606


async def run_all(levels: Sequence[Level], seed: int) -> list[Result]:
    """Run levels, each with its output in a file.

    Raises:
        LevelFailedError: one failed; the others were stopped.
    """
    _let_levels_take_ctrl_c()
    lanes = asyncio.Semaphore(_AT_ONCE)
    failure: BaseException | None = None
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_run(level, seed, lanes)) for level in levels]
    except* LevelFailedError as failed:
        failure = failed.exceptions[0]  # raised here, some releases of Python 3.11 would wrap it
    if failure:
        raise failure
    return [task.result() for task in tasks]


async def _run(level: Level, seed: int, lanes: asyncio.Semaphore) -> Result:
    await lanes.acquire()
    print(f"  • {level.name}: {level.subject}", flush=True)
    started = time.monotonic()
    code = await _run_into_file(level, seed)
    seconds = time.monotonic() - started
    if code:
        raise LevelFailedError(level)  # and keep the lane, so that no other level starts in it
    print(f"  ✔ {level.name}, {seconds:.0f} s", flush=True)
    lanes.release()
    return Result(level, seconds, count_tests(ROOT / level.report))


async def _run_into_file(level: Level, seed: int) -> int:
    _prepare(level)
    with (ROOT / level.output).open("wb") as output:
        # Not asyncio's, which leaves alone what is cancelled while it starts.
        process = subprocess.Popen(
            level.command,
            cwd=ROOT,
            env=_environment(level, seed),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return await asyncio.to_thread(process.wait)
        finally:
            if process.poll() is None:
                await _stop(process)


def _prepare(level: Level) -> None:
    shutil.rmtree(ROOT / level.results, ignore_errors=True)
    (ROOT / level.results).mkdir(parents=True)


def _environment(level: Level, seed: int) -> dict[str, str]:
    options = f"--randomly-seed={seed} --junit-xml={level.report}"
    return {**os.environ, **level.environment, "PYTEST_ADDOPTS": options}


def _let_levels_take_ctrl_c() -> None:
    """Keep levels from inheriting that Ctrl-C is ignored, as in a script's job in the background.

    A handler is not inherited, so one that does nothing makes the difference.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda *_: None)


async def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a level as Ctrl-C does, so that it takes down what it has started."""
    try:
        # The thread that waits for it may have seen its end just now.
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, signal.SIGINT)
            await asyncio.to_thread(process.wait, _SECONDS_TO_STOP)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
