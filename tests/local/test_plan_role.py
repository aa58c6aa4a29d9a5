"""Plans on pull requests, with the role that docs/ci.md gives them."""

from __future__ import annotations

import pytest

from shared.stacks import SINGLE_NODE, STACKS
from tests.local.asked import Asked
from tests.local.deployment import Deployment, Result
from tests.local.identities import plan_role
from tests.local.interposer import interposed
from tests.local.template import Deployed
from tests.policies import actions_in, policies_for_plans, without

NEEDS_NO_PERMISSION = "sts:GetCallerIdentity"
_DASHBOARD = "aws_cloudwatch_dashboard.monitoring_dashboard_4CE328EF"


@pytest.mark.slow
def test_plain_terraform_agrees_with_just_what_the_role_may_do(deployed: Deployed) -> None:
    """`terraform init && terraform plan` in the synthesized folders, as in CI."""
    deployment = deployed.deployment
    _, permissions = policies_for_plans()
    asked: list[Asked] = []
    with interposed(deployment, lambda _: None, asked) as recorded:
        recorded.variables = recorded.variables | plan_role(deployment, permissions)
        for stack in STACKS:
            assert recorded.terraform(stack, "init", "-input=false").returncode == 0
            plan = _plan(recorded, stack)
            assert plan.returncode == 0, plan.output  # 2 would be: there are changes
    used = {each.permission for each in asked} - {NEEDS_NO_PERMISSION}
    assert used == actions_in(permissions)

    less = without(permissions, "cloudwatch:GetDashboard")
    deployment.variables |= plan_role(deployment, less)
    plan = _plan(deployment, SINGLE_NODE, f"-target={_DASHBOARD}")
    assert plan.returncode == 1
    assert "not authorized to perform: cloudwatch:GetDashboard" in " ".join(plan.output.split())


def _plan(deployment: Deployment, stack: str, *options: str) -> Result:
    common = ("-input=false", "-lock=false", "-detailed-exitcode")
    return deployment.terraform(stack, "plan", *common, *options)
