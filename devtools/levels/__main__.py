"""Run the tests: `python -m devtools.levels [LEVEL]...`."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import Sequence

from devtools.levels.levels import LEVELS, RESULTS, ROOT, Level
from devtools.levels.report import Result, failure, table
from devtools.levels.runner import LevelFailedError, run_all, run_alone


def main() -> int:
    """Run the named levels, or all that run by default; return the exit code."""
    levels = _chosen()
    seed = int(os.environ.get("SEED") or random.randrange(2**32))  # noqa: S311 - an order of tests
    if len(levels) == 1:
        run_alone(levels[0], seed)
    print(
        f"Tests, three levels at a time, in the random order SEED={seed}.\n"
        "All levels take about ten minutes on two cores, and some of them most of that.\n"
        f"To follow one: tail -F {RESULTS}/LEVEL/output.log",
        flush=True,
    )
    started = time.monotonic()
    try:
        results = asyncio.run(_run_until_told_to_stop(levels, seed))
    except LevelFailedError as failed:
        print(f"\n{(ROOT / failed.level.output).read_text(errors='replace')}")
        print(failure(failed.level, seed))
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("\nStopped. The same command starts again.")
        return 130
    print(f"\n{table(results)}\n\nAll tests passed in {time.monotonic() - started:.0f} s.")
    return 0


def _chosen() -> list[Level]:
    names = [level.name for level in LEVELS]
    parser = argparse.ArgumentParser(prog="scripts/test.sh", description="Run the tests.")
    parser.add_argument("levels", nargs="*", metavar="LEVEL", help=", ".join(names))
    named = parser.parse_args().levels
    if unknown := set(named) - set(names):
        parser.error(f"no such level: {', '.join(sorted(unknown))}")
    return [level for level in LEVELS if (level.name in named if named else level.by_default)]


async def _run_until_told_to_stop(levels: Sequence[Level], seed: int) -> list[Result]:
    running = asyncio.create_task(run_all(levels, seed))
    for number in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    return await running


if __name__ == "__main__":
    sys.exit(main())
