"""Measures `cdktf` commands against plain Terraform on the same synthesized JSON.

It works on whatever AWS the environment names, so it insists on an emulator.
"""

import os
import shlex
import subprocess
import time
from pathlib import Path
from statistics import median

from scripts.bench.synth import ROOT, MeasurementError

STACKS = ("allora-common", "allora-single-node")
NODE = STACKS[1]
OUTPUT = Path(os.environ.get("CDKTF_OUTPUT", "cdktf.out"))

Step = tuple[list[str], Path]
"""A command and the directory it runs in."""


def measure(runs: int) -> dict[str, float]:
    """Deploy, so that nothing is left to change, then take medians of interleaved runs.

    Args:
        runs: How often to run each command.

    Returns:
        Seconds of wall time by name of what was run.

    Raises:
        MeasurementError: The environment leads to the real AWS, or a command failed.
    """
    if not os.environ.get("AWS_ENDPOINT_URL"):
        raise MeasurementError(
            "AWS_ENDPOINT_URL is not set, and this measurement deploys: run `make local`, then "
            "`. .local/activate`, then this again."
        )
    commands = _commands()
    _seconds(commands["cdktf deploy"])
    rounds = [{name: _seconds(steps) for name, steps in commands.items()} for _ in range(runs)]
    return {name: median(times[name] for times in rounds) for name in commands}


def _commands() -> dict[str, list[Step]]:
    init = ["terraform", "init", "-input=false"]
    plan = ["terraform", "plan", "-input=false"]
    apply = ["terraform", "apply", "-input=false", "-auto-approve"]
    return {
        "cdktf synth": [(["cdktf", "synth"], ROOT)],
        "cdktf diff": [(["cdktf", "diff", NODE], ROOT)],
        "terraform plan": [(plan, _directory(NODE))],
        "terraform init, plan": [(init, _directory(NODE)), (plan, _directory(NODE))],
        "cdktf deploy": [(["cdktf", "deploy", *STACKS, "--auto-approve"], ROOT)],
        "terraform apply": [(apply, _directory(stack)) for stack in STACKS],
        "terraform init, apply": [
            (command, _directory(stack)) for stack in STACKS for command in (init, apply)
        ],
    }


def _directory(stack: str) -> Path:
    return ROOT / OUTPUT / "stacks" / stack


def _seconds(steps: list[Step]) -> float:
    started = time.perf_counter()
    for command, directory in steps:
        process = subprocess.run(
            command,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if process.returncode:
            raise MeasurementError(f"`{shlex.join(command)}` failed:\n{process.stdout}")
    return time.perf_counter() - started
