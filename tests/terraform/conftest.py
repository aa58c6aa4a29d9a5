"""Real Terraform with the real AWS provider."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

_LOCK = ".terraform.lock.hcl"


@dataclass(frozen=True)
class Terraform:
    """Terraform with the plugins of one `init`, for all folders that need the same ones.

    Args:
        data: a folder for what `init` installs, and for the lock file that it writes.
    """

    data: Path

    def validate(self, stack: Path) -> str:
        """Return what `validate -json` prints for a stack."""
        if not (self.data / _LOCK).exists():
            self._run(stack, "init", "-backend=false", "-input=false", expected=(0,))
            shutil.copy(stack / _LOCK, self.data)
        shutil.copy(self.data / _LOCK, stack)
        return self._run(stack, "validate", "-json", expected=(0, 1))

    def _run(self, directory: Path, *arguments: str, expected: tuple[int, ...]) -> str:
        # No real credentials.
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        result = subprocess.run(
            ["terraform", *arguments],
            cwd=directory,
            env={**inherited, "TF_DATA_DIR": str(self.data), "TF_IN_AUTOMATION": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode in expected, result.stdout + result.stderr
        return result.stdout


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """The Terraform that `make setup` chose."""
    return Terraform(tmp_path_factory.mktemp("terraform"))
