"""Measures `python -O main.py`, with and without what makes it fast, and an empty app."""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples" / "testnet.env"
VARIANTS = ("naive", "ours", "empty")

_OPTIONS = {"naive": [], "ours": ["-O"], "empty": []}
"""Of Python; as in scripts/synth.sh."""


class MeasurementError(Exception):
    """What was to be measured does not work."""


@dataclass(frozen=True)
class Cost:
    """What one synth took, or the medians of several.

    Attributes:
        seconds: Wall time, from the start of Python to the end of its last child.
        python_mb: Peak memory of Python, in MB.
        node_mb: Peak memory of the largest Node process, in MB.
    """

    seconds: float
    python_mb: float
    node_mb: float


def measure_warm(runs: int) -> dict[str, Cost]:
    """Medians of interleaved runs per variant, after one run each that does not count.

    Raises:
        MeasurementError: a synth failed.
    """
    for variant in VARIANTS:
        _run(variant)
    return _medians([{variant: _run(variant) for variant in VARIANTS} for _ in range(runs)])


def measure_first(runs: int) -> dict[str, Cost]:
    """Medians of runs with an empty jsii package cache, as after an installation.

    Raises:
        MeasurementError: a synth failed.
    """
    return _medians([{variant: _run_first(variant) for variant in VARIANTS} for _ in range(runs)])


def measure_settings(env_file: str, runs: int) -> Cost:
    """Medians of runs with other settings, after one that does not count.

    Raises:
        MeasurementError: a synth failed.
    """
    variables = {"ALLORA_ENV_FILE": env_file}
    _run("ours", **variables)
    return _median([_run("ours", **variables) for _ in range(runs)])


def _medians(rounds: list[dict[str, Cost]]) -> dict[str, Cost]:
    return {variant: _median([costs[variant] for costs in rounds]) for variant in VARIANTS}


def _median(costs: list[Cost]) -> Cost:
    return Cost(
        median(cost.seconds for cost in costs),
        median(cost.python_mb for cost in costs),
        median(cost.node_mb for cost in costs),
    )


def _run_first(variant: str) -> Cost:
    with tempfile.TemporaryDirectory() as cache:
        return _run(variant, JSII_RUNTIME_PACKAGE_CACHE_ROOT=cache)


def _run(variant: str, **variables: str) -> Cost:
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory, "report.json")
        environment = _environment() | {"CDKTF_OUTDIR": f"{directory}/out"} | variables
        started = time.perf_counter()
        process = subprocess.run(
            [
                sys.executable,
                *_OPTIONS[variant],
                "-m",
                "devtools.bench.probe",
                variant,
                str(report),
            ],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - started
        if process.returncode:
            raise MeasurementError(f"The synth '{variant}' failed:\n{process.stderr}")
        return Cost(seconds=seconds, **json.loads(report.read_text()))


def _environment() -> dict[str, str]:
    """The caller's environment, with a sample for settings, and with compiled modules allowed."""
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {"ALLORA_ENV_FILE": str(SAMPLE)} | inherited
