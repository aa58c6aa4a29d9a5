"""Synthesize the stacks, as `cdktf synth` does, with the same folder for the result."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.terraform.plans import Action, Change
from settings.environment import cdktf_output
from settings.loader import FILE_VARIABLE
from shared.stacks import COMMON

ROOT: Final = Path(__file__).resolve().parents[2]


def output_folder() -> Path:
    """Return the folder that cdktf writes to: `CDKTF_OUTPUT`, by default `cdktf.out`."""
    return ROOT / cdktf_output()


def stack_folder(stack: str) -> Path:
    """Return Terraform's working directory of a stack."""
    return output_folder() / "stacks" / stack


def synthesize(folder: Path, *, env_file: Path | None = None) -> None:
    """Write the stacks' Terraform JSON; needs neither credentials nor network.

    In a process of its own: only `main.py` and the stacks load `cdktf` (ADR 1). Load the settings
    first: what is wrong with them is then an error at once.

    Args:
        folder: where it goes; each stack has a folder below `stacks`.
        env_file: the settings, by default those in force.

    Raises:
        OperatorError: a setting is wrong that only the stacks check, or the synth failed.
    """
    environment = {**os.environ, "CDKTF_OUTDIR": str(folder)}
    if env_file:
        environment[FILE_VARIABLE] = str(env_file)
    process = subprocess.run(
        [sys.executable, "-O", str(ROOT / "main.py")],  # as scripts/synth.sh
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if process.returncode:
        raise _failure(process)


def read_stacks(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the Terraform JSON of each synthesized stack, by the stack's id."""
    return {
        file.parent.name: json.loads(file.read_text(encoding="utf-8"))
        for file in sorted(folder.glob("stacks/*/cdk.tf.json"))
    }


_OUTPUT: Final = re.compile(rf"cross-stack-reference-input-{COMMON}\.outputs\.([\w-]+)")
"""A reference to an output of `allora-common`, as cdktf writes it."""


def needed_outputs(folder: Path, stack: str) -> frozenset[str]:
    """Return the names of the outputs of `allora-common` that a synthesized stack reads."""
    synthesized = (folder / "stacks" / stack / "cdk.tf.json").read_text(encoding="utf-8")
    return frozenset(_OUTPUT.findall(synthesized))


def foreseen(folder: Path, stack: str) -> tuple[Change, ...]:
    """Return what a stack without a state will come to: all its resources are created.

    Terraform itself can plan `allora-single-node` only once `allora-common` is deployed.

    Args:
        folder: of the synthesized stacks.
        stack: its id.
    """
    resources = read_stacks(folder)[stack].get("resource", {})
    return tuple(
        Change(f"{type_}.{name}", type_, Action.CREATE, after=_constants(values))
        for type_, named in resources.items()
        for name, values in named.items()
    )


def _constants(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes that are no expressions."""
    return {
        name: value
        for name, value in values.items()
        if isinstance(value, (str, int)) and "${" not in str(value)
    }


def _failure(process: subprocess.CompletedProcess[str]) -> OperatorError:
    printed = process.stderr.strip() or "no message"
    if process.returncode == os.EX_CONFIG:
        return OperatorError(ErrorCode.SETTINGS, printed)
    return OperatorError(
        ErrorCode.SYNTH,
        f"The stacks could not be synthesized: {printed.splitlines()[-1]} "
        "The whole message: python main.py. After an update of the project: make setup",
    )
