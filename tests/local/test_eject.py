"""The exit to HCL: against what CDKTF has deployed, Terraform plans no changes."""

from __future__ import annotations

import sys

from shared.stacks import COMMON, SINGLE_NODE
from tests.local.ejected import CHANGES, NO_CHANGES, eject, plan
from tests.local.template import CANARY, Deployed


def test_hcl_changes_nothing_but_with_a_renamed_resource(deployed: Deployed) -> None:
    deployment = deployed.deployment
    stacks = eject(deployment)
    folder = stacks.parent
    assert deployment.run("terraform", "fmt", "-check", "-recursive", str(folder)).output == ""
    packed = deployment.run(sys.executable, str(folder / "pack.py"))
    assert packed.returncode == 0, packed.output
    assert len([*(folder / "build-contexts").iterdir()]) == 1, "the same files, the same archive"
    for file in folder.rglob("*"):
        assert not file.is_file() or CANARY.encode() not in file.read_bytes()

    for stack in (COMMON, SINGLE_NODE):
        planned = plan(deployment, stacks / stack)
        assert planned.returncode == NO_CHANGES, planned.output
        assert "Warning" not in planned.output

    for file in (stacks / COMMON).glob("*.tf"):
        file.write_text(file.read_text().replace("alarm-topic_D89A1C02", "alarm-topic"))
    renamed = plan(deployment, stacks / COMMON)
    assert renamed.returncode == CHANGES, renamed.output
