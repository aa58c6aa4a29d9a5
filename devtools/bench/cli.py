"""Measures `cdktf` and `allora` commands against plain Terraform on the same synthesized JSON.

On an embedded AWS of its own, with nothing left to change.
"""

from pathlib import Path
from statistics import median

from devtools.bench.commands import Step, allora, embedded_aws, seconds
from devtools.bench.synth import ROOT
from shared.stacks import SINGLE_NODE, STACKS


def measure(runs: int) -> dict[str, float]:
    """Deploy, so that nothing is left to change, then take medians of interleaved runs.

    Args:
        runs: How often to run each command.

    Returns:
        Seconds of wall time by name of what was run.

    Raises:
        MeasurementError: A command failed.
    """
    with embedded_aws() as place:
        commands = _commands(place.stacks)
        seconds([allora("bootstrap", "--yes"), allora("wallet", "create")], place.environment)
        seconds(commands["cdktf deploy"], place.environment)
        rounds = [
            {name: seconds(steps, place.environment) for name, steps in commands.items()}
            for _ in range(runs)
        ]
    return {name: median(times[name] for times in rounds) for name in commands}


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
        "allora deploy": [allora("deploy", "--yes", "--no-wait")],
        "cdktf deploy": [(["cdktf", "deploy", *STACKS, "--auto-approve"], ROOT)],
        "terraform apply": [(apply, stacks / stack) for stack in STACKS],
        "terraform init, apply": [
            (command, stacks / stack) for stack in STACKS for command in (init, apply)
        ],
    }
