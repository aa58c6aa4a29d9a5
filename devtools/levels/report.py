"""What is printed about levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from devtools.levels.levels import Level


@dataclass(frozen=True)
class Result:
    """How a level went.

    Args:
        level: which one.
        seconds: how long it took.
        tests: how many tests it has; None for a level without a report.
    """

    level: Level
    seconds: float
    tests: int | None


def count_tests(report: Path) -> int | None:
    """Return the number of tests in a JUnit report, or None if there is no report."""
    if not report.exists():
        return None
    suites = ET.parse(report).iter("testsuite")  # noqa: S314 - our own tools wrote it
    return sum(int(suite.get("tests", "0")) for suite in suites)


def table(results: Sequence[Result]) -> str:
    """Return a line for each level, slowest last, and their sum."""
    lines = [f"  {'level':12}{'tests':>6}{'seconds':>9}"]
    for result in sorted(results, key=lambda result: result.seconds):
        tests = "" if result.tests is None else str(result.tests)
        lines.append(f"  {result.level.name:12}{tests:>6}{result.seconds:9.0f}")
    return "\n".join(lines)


def failure(level: Level, seed: int) -> str:
    """Return what to do about a level that failed."""
    return (
        f"✘ {level.name} failed. What it printed is above, and in {level.output}.\n"
        f"  This level alone: scripts/test.sh {level.name}   "
        f"(its tests in the same order: SEED={seed} scripts/test.sh {level.name})"
    )
