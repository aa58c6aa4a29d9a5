"""HCL of a deployment's stacks, and what Terraform plans with it."""

from __future__ import annotations

import sys
from pathlib import Path

from fast_synth.working_directories import INSTALLED_PROVIDERS
from tests.local.deployment import Deployment, Result

NO_CHANGES, CHANGES = 0, 2
"""Exit codes of `terraform plan -detailed-exitcode`."""


def eject(deployment: Deployment) -> Path:
    """Write a deployment's stacks as HCL, as `make eject` does; return the stacks' folder."""
    folder = deployment.directory / "hcl"
    done = deployment.run(sys.executable, "-m", "devtools.eject", str(folder))
    assert done.returncode == 0, done.output
    return folder / "stacks"


def plan(deployment: Deployment, stack: Path) -> Result:
    """Plan a stack's HCL against its state, with the provider that is installed."""
    terraform = ("terraform", f"-chdir={stack}")
    done = deployment.run(*terraform, "init", "-input=false", f"-plugin-dir={INSTALLED_PROVIDERS}")
    assert done.returncode == 0, done.output
    return deployment.run(*terraform, "plan", "-input=false", "-detailed-exitcode")
