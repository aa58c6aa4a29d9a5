"""`terraform validate` on what the app synthesizes for every sample."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from main import build_app
from settings import load_settings
from tests.conftest import SAMPLES


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_sample_is_valid_terraform(
    sample: Path, tmp_path: Path, terraform: str, terraform_environment: dict[str, str]
) -> None:
    build_app(load_settings(sample, {}), outdir=str(tmp_path)).synth()
    stacks = sorted((tmp_path / "stacks").iterdir())
    assert [stack.name for stack in stacks] == ["allora-common", "allora-single-node"]
    for stack in stacks:
        run(stack, terraform_environment, terraform, "init", "-backend=false", "-input=false")
        answer = json.loads(run(stack, terraform_environment, terraform, "validate", "-json"))
        assert answer["valid"], answer["diagnostics"]
        assert answer["warning_count"] == 0, answer["diagnostics"]


def run(directory: Path, environment: dict[str, str], *command: str) -> str:
    result = subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode in (0, 1), result.stderr
    if command[1] == "init":
        assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
