"""A checkout that has moved to CDK Terrain finds nothing to change in what this one deployed."""

from __future__ import annotations

from pathlib import Path

from shared.stacks import STACKS
from tests.local.attached_providers import unattached
from tests.local.template import Deployed
from tests.moved import moved_copy, of_the_move, run_moved


@of_the_move
def test_the_plan_is_empty(deployed: Deployed, tmp_path: Path) -> None:
    deployment = deployed.deployment
    unattached(deployment)  # the lock file is part of what moves
    before = [(deployment.folder(stack) / "cdk.tf.json").read_text() for stack in STACKS]
    outdir = {"CDKTF_OUTDIR": str(deployment.directory / "cdktf.out")}
    moved = moved_copy(tmp_path / "moved")
    run_moved(moved, "main.py", environment=deployment.environment | outdir)
    after = [(deployment.folder(stack) / "cdk.tf.json").read_text() for stack in STACKS]
    assert after != before  # it names the release that wrote it
    for stack in STACKS:
        plan = deployment.terraform(stack, "plan", "-input=false", "-detailed-exitcode")
        assert plan.returncode == 0, plan.output  # 2 would be: there are changes
