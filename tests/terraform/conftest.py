"""Real Terraform with the real AWS provider."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest


class Terraform:
    """The Terraform that `make setup` chose."""

    def validate(self, directory: Path) -> dict[str, Any]:
        """Return what `validate -json` finds in a folder and its modules."""
        self._run(directory, "init", "-backend=false", "-input=false", expected=(0,))
        answer: dict[str, Any] = json.loads(
            self._run(directory, "validate", "-json", expected=(0, 1))
        )
        return answer

    def outputs(self, directory: Path) -> dict[str, Any]:
        """Apply a configuration without resources, and return its outputs."""
        self._run(directory, "init", "-input=false", expected=(0,))
        self._run(directory, "apply", "-input=false", "-auto-approve", expected=(0,))
        found = json.loads(self._run(directory, "output", "-json", expected=(0,)))
        return {name: output["value"] for name, output in found.items()}

    def planned_with_mocks(self, directory: Path, providers: Path) -> list[list[dict[str, Any]]]:
        """Return the resource changes that each run of a folder's tests plans."""
        self._run(directory, "init", "-input=false", f"-plugin-dir={providers}", expected=(0,))
        printed = self._run(directory, "test", "-json", "-verbose", expected=(0, 1))
        events = [json.loads(line) for line in printed.splitlines()]
        problems = [each["diagnostic"] for each in events if each["type"] == "diagnostic"]
        assert problems == []
        plans = [each["test_plan"] for each in events if each["type"] == "test_plan"]
        return [plan["resource_changes"] for plan in plans]

    def _run(self, directory: Path, *arguments: str, expected: tuple[int, ...]) -> str:
        # No real credentials.
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        result = subprocess.run(
            ["terraform", *arguments],
            cwd=directory,
            env={**inherited, "TF_IN_AUTOMATION": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode in expected, result.stdout + result.stderr
        return result.stdout


@pytest.fixture
def terraform() -> Terraform:
    """What finds the AWS provider by itself, and has no credentials."""
    return Terraform()
