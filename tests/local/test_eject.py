"""The exit to HCL: against what CDKTF has deployed, Terraform plans no changes."""

from __future__ import annotations

from shared.stacks import COMMON, SINGLE_NODE
from tests.local.ejected import CHANGES, NO_CHANGES, eject, plan
from tests.local.template import Deployed


def test_hcl_changes_nothing_but_with_a_renamed_resource(deployed: Deployed) -> None:
    stacks = eject(deployed.deployment)
    for stack in (COMMON, SINGLE_NODE):
        planned = plan(deployed.deployment, stacks / stack)
        assert planned.returncode == NO_CHANGES, planned.output
        assert "Warning" not in planned.output

    for file in (stacks / COMMON).glob("*.tf"):
        file.write_text(file.read_text().replace("alarm-topic_D89A1C02", "alarm-topic"))
    renamed = plan(deployed.deployment, stacks / COMMON)
    assert renamed.returncode == CHANGES, renamed.output
