"""Measures `cdktf` and `allora` commands against plain Terraform on the same synthesized JSON.

On an embedded AWS of its own, with nothing left to change.
"""

import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from devtools.bench.synth import ROOT, MeasurementError
from devtools.embedded_aws.emulator import ACCOUNT_ID, start
from shared.stacks import SINGLE_NODE, STACKS

Step = tuple[list[str], Path]
"""A command and the directory it runs in."""


def measure(runs: int) -> dict[str, float]:
    """Deploy, so that nothing is left to change, then take medians of interleaved runs.

    Args:
        runs: How often to run each command.

    Returns:
        Seconds of wall time by name of what was run.

    Raises:
        MeasurementError: A command failed.
    """
    with _embedded_aws() as environment:
        commands = _commands(ROOT / environment["CDKTF_OUTPUT"] / "stacks")
        _seconds(
            [(_allora("bootstrap", "--yes"), ROOT), (_allora("wallet", "create"), ROOT)],
            environment,
        )
        _seconds(commands["cdktf deploy"], environment)
        rounds = [
            {name: _seconds(steps, environment) for name, steps in commands.items()}
            for _ in range(runs)
        ]
    return {name: median(times[name] for times in rounds) for name in commands}


@contextmanager
def _embedded_aws() -> Iterator[dict[str, str]]:
    """The environment of commands that speak to an embedded AWS of their own."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        emulator = start(Path(directory))
        env_file = Path(directory) / "env"
        env_file.write_text(f"AWS_ACCOUNT_ID={ACCOUNT_ID}\nAWS_REGION=us-east-1\n")
        try:
            yield emulator.environment(os.environ) | {
                "ALLORA_ENV_FILE": str(env_file),
                "CDKTF_OUTPUT": str(Path(directory) / "cdktf.out"),
            }
        finally:
            emulator.stop()


def _commands(stacks: Path) -> dict[str, list[Step]]:
    init = ["terraform", "init", "-input=false"]
    plan = ["terraform", "plan", "-input=false"]
    apply = ["terraform", "apply", "-input=false", "-auto-approve"]
    return {
        "cdktf synth": [(["cdktf", "synth"], ROOT)],
        "cdktf diff": [(["cdktf", "diff", SINGLE_NODE], ROOT)],
        "terraform plan": [(plan, stacks / SINGLE_NODE)],
        "terraform init, plan": [(init, stacks / SINGLE_NODE), (plan, stacks / SINGLE_NODE)],
        "terraform init, plan of both": [
            (command, stacks / stack) for stack in STACKS for command in (init, plan)
        ],
        "allora deploy": [(_allora("deploy", "--yes", "--no-wait"), ROOT)],
        "cdktf deploy": [(["cdktf", "deploy", *STACKS, "--auto-approve"], ROOT)],
        "terraform apply": [(apply, stacks / stack) for stack in STACKS],
        "terraform init, apply": [
            (command, stacks / stack) for stack in STACKS for command in (init, apply)
        ],
    }


def _allora(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "allora_cli", *arguments]


def _seconds(steps: list[Step], environment: Mapping[str, str]) -> float:
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
