"""The levels of the tests, in the order in which they start."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(".local/tests")
"""Output and JUnit report of each level's last run, relative to `ROOT`."""


@dataclass(frozen=True)
class Level:
    """Tests that need the same tools.

    Args:
        name: its name on the command line.
        subject: what it shows.
        command: what runs, with `ROOT` as its working directory.
        environment: variables beside the caller's.
        by_default: whether it runs when no level is named.
    """

    name: str
    subject: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    by_default: bool = True

    @property
    def output(self) -> Path:
        """The file that has what it printed."""
        return self.results / "output.log"

    @property
    def report(self) -> Path:
        """The JUnit report; the style check writes none."""
        return self.results / "report.xml"

    @property
    def results(self) -> Path:
        """The folder of both, relative to `ROOT`."""
        return RESULTS / self.name


def _pytest(*arguments: str, python: str = sys.executable) -> tuple[str, ...]:
    return (python, "-m", "pytest", "-q", *arguments)


_COLLECT_RARELY = {"GOGC": "800"}
"""Has Terraform and its provider collect garbage less often, for a sixth less processor time."""

# Most tests of `scripts`, `images` and `local` wait: more of them at once than there are cores.
LEVELS = (
    Level("lint", "style and types", ("scripts/lint.sh",)),
    Level("unit", "settings, user data, documents", _pytest("-n", "2", "tests/unit")),
    Level(
        "local",
        "whole deployments on an embedded AWS",
        _pytest("-n", "6", "tests/local"),
        _COLLECT_RARELY,
    ),
    Level(
        "images",
        "worker, model server and fake chain",
        _pytest(
            *("-n", "4", "-c", "tests/images.ini", "--rootdir", "."),
            # Not tests/conftest.py, which is for the project's own packages.
            *("--confcutdir", "tests/worker"),
            *("tests/fake_chain", "tests/worker", "tests/model_server", "tests/forge_server"),
            python=".tools/images/bin/python",
        ),
        {"PYTHONPATH": "containers/worker:containers/model_server:containers/forge_server"},
    ),
    Level("synth", "what the stacks are made of", _pytest("tests/synth")),
    Level(
        "bats",
        "shell scripts of set-up and host",
        (
            *("bats", "--print-output-on-failure", "--report-formatter", "junit"),
            *("--output", str(RESULTS / "bats"), "tests/setup", "tests/host_scripts"),
        ),
    ),
    Level("scripts", "Python scripts of the host", _pytest("-n", "4", "tests/host_scripts")),
    Level("security", "checkov on every sample", _pytest("tests/security")),
    Level(
        "terraform",
        "every sample is valid",
        _pytest("-n", "2", "tests/terraform"),
        _COLLECT_RARELY,
    ),
    Level(
        "kill",
        "a first deployment, killed at ten moments",
        # Most of its time the AWS provider waits.
        _pytest("-n", "5", "--maxschedchunk", "1", "tests/local/kills.py"),
        _COLLECT_RARELY,
        by_default=False,
    ),
    Level(
        "host",
        "a deployed worker, booted (scripts/test_host.sh prepares it)",
        # Each file has a deployment and a host of its own, and most of its time it waits.
        _pytest("-n", "4", "--dist", "loadfile", "tests/host"),
        by_default=False,
    ),
    Level(
        "fleet",
        "a fleet's tasks, run in Docker (scripts/test_fleet.sh prepares it)",
        _pytest("tests/fleet"),
        by_default=False,
    ),
)
