"""Scripts in an interpreter of their own, with the project on its path."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


def attempt(script: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script without the command for jsii that this process has chosen."""
    inherited = {k: v for k, v in os.environ.items() if k != "JSII_NODE"}
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=cwd,
        env={**inherited, "PYTHONPATH": str(PROJECT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def run_python(script: str, cwd: Path, **environment: str) -> str:
    """Run a script, which must not fail; return what it prints."""
    result = attempt(script, cwd, **environment)
    assert result.returncode == 0, result.stderr
    return result.stdout
