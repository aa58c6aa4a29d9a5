"""Measures what a fleet costs as it grows: synth, JSON, plans, requests to AWS."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from devtools.bench import synth
from devtools.bench.commands import Place, Step, allora, embedded_aws, seconds
from devtools.bench.synth import ROOT
from shared.stacks import COMMON, FLEET

WORKERS: Final = (1, 10, 100)


@dataclass(frozen=True)
class Growth:
    """What a fleet of a size costs; times are wall times in seconds.

    Attributes:
        synth: `python -O main.py`, the other stacks included.
        json_kb: Size of the synthesized stack.
        first_plan: With nothing deployed but `allora-common`.
        apply: Of that plan.
        empty_plan: With nothing left to change.
        requests: Of the empty plan to AWS.
    """

    workers: int
    synth: float
    json_kb: float
    first_plan: float
    apply: float
    empty_plan: float
    requests: int


def measure(sizes: Iterable[int], synth_runs: int) -> list[Growth]:
    """Deploy a fleet of each size to an embedded AWS of its own.

    Args:
        sizes: Numbers of workers.
        synth_runs: Of how many synths the median is taken.

    Raises:
        MeasurementError: A command failed, or a plan was not empty.
    """
    return [_measure(workers, synth_runs) for workers in sizes]


def _measure(workers: int, synth_runs: int) -> Growth:
    with embedded_aws() as place:
        (place.directory / "fleet.toml").write_text(_file(workers), encoding="utf-8")
        synthesized = synth.measure_settings(place.environment["ALLORA_ENV_FILE"], synth_runs)
        _prepare(place)
        stack = place.stacks / FLEET

        def timed(*terraform: str) -> float:
            return seconds([(["terraform", *terraform], stack)], place.environment)

        first_plan = timed("plan", "-input=false", "-out=plan")
        apply = timed("apply", "-input=false", "plan")
        before = place.requests()
        empty_plan = timed("plan", "-input=false", "-detailed-exitcode")
        return Growth(
            workers,
            synthesized.seconds,
            (stack / "cdk.tf.json").stat().st_size / 1000,
            first_plan,
            apply,
            empty_plan,
            place.requests() - before,
        )


def _prepare(place: Place) -> None:
    """Make the state bucket, synthesize, and deploy `allora-common`."""
    common, fleet = place.stacks / COMMON, place.stacks / FLEET
    steps: list[Step] = [
        allora("bootstrap", "--yes"),
        ([sys.executable, "-O", "main.py"], ROOT),
        (["terraform", "init", "-input=false"], common),
        (["terraform", "apply", "-input=false", "-auto-approve"], common),
        (["terraform", "init", "-input=false"], fleet),
    ]
    outdir = {"CDKTF_OUTDIR": place.environment["CDKTF_OUTPUT"]}
    seconds(steps, place.environment | outdir)


def _file(workers: int) -> str:
    return "".join(
        f"[workers.worker-{number:03}]\nALLORA_WORKER_TOPIC_ID = 69\n" for number in range(workers)
    )
