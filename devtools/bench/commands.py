"""Runs and times commands on an embedded AWS of their own."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devtools.bench.synth import ROOT, MeasurementError
from devtools.embedded_aws.emulator import ACCOUNT_ID, start

Step = tuple[list[str], Path]
"""A command and the directory it runs in."""

_ANSWERED = '" 200 -'
"""In each line of the server's log of a request that was carried out."""


@dataclass(frozen=True)
class Place:
    """An embedded AWS, and the files of a deployment to it.

    Attributes:
        directory: Where the settings are.
        environment: Of the commands.
    """

    directory: Path
    environment: dict[str, str]

    @property
    def stacks(self) -> Path:
        """Where the synthesized stacks are, each in a folder of its name."""
        return Path(self.environment["CDKTF_OUTPUT"]) / "stacks"

    def requests(self) -> int:
        """Return how many requests the embedded AWS has carried out."""
        log = self.directory / "emulator.log"
        return log.read_text(encoding="utf-8", errors="replace").count(_ANSWERED)


@contextmanager
def embedded_aws() -> Iterator[Place]:
    """Yield an embedded AWS, with settings that have only an account and a region."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        directory = Path(folder)
        emulator = start(directory)
        env_file = directory / "env"
        env_file.write_text(f"AWS_ACCOUNT_ID={ACCOUNT_ID}\nAWS_REGION=us-east-1\n")
        try:
            yield Place(
                directory,
                emulator.environment(os.environ)
                | {
                    "ALLORA_ENV_FILE": str(env_file),
                    "CDKTF_OUTPUT": str(directory / "cdktf.out"),
                },
            )
        finally:
            emulator.stop()


def allora(*arguments: str) -> Step:
    """Return the step of a command of ours."""
    return [sys.executable, "-m", "allora_cli", *arguments], ROOT


def seconds(steps: list[Step], environment: Mapping[str, str]) -> float:
    """Run the steps one after the other; return the wall time.

    Raises:
        MeasurementError: A command failed.
    """
    started = time.perf_counter()
    for command, directory in steps:
        process = subprocess.run(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if process.returncode:
            raise MeasurementError(f"`{shlex.join(command)}` failed:\n{process.stdout}")
    return time.perf_counter() - started
