"""Plans on pull requests, with the role that docs/ci.md gives them."""

from __future__ import annotations

import json

import pytest

from shared.stacks import SINGLE_NODE, STACKS
from tests.local.asked import Asked
from tests.local.deployment import Deployment, Result
from tests.local.identities import assumed
from tests.local.interposer import interposed
from tests.local.template import Deployed
from tests.policies import actions_in, policies_for_plans, without

NEEDS_NO_PERMISSION = "sts:GetCallerIdentity"
_ROLE = "allora-plan"
_DASHBOARD = "aws_cloudwatch_dashboard.monitoring_dashboard_4CE328EF"


@pytest.mark.slow
def test_plain_terraform_agrees_with_just_what_the_role_may_do(deployed: Deployed) -> None:
    """`terraform init && terraform plan` in the synthesized folders, as in CI."""
    deployment = deployed.deployment
    _, permissions = policies_for_plans()
    asked: list[Asked] = []
    with interposed(deployment, lambda _: None, asked) as recorded:
        recorded.variables = _assume(deployment)
        for stack in STACKS:
            assert recorded.terraform(stack, "init", "-input=false").returncode == 0
            plan = _plan(recorded, stack)
            assert plan.returncode == 0, plan.output  # 2 would be: there are changes
    used = {each.permission for each in asked} - {NEEDS_NO_PERMISSION}
    assert used == actions_in(permissions)

    deployment.variables = _assume(deployment, lacking="cloudwatch:GetDashboard")
    plan = _plan(deployment, SINGLE_NODE, f"-target={_DASHBOARD}")
    assert plan.returncode == 1
    assert "not authorized to perform: cloudwatch:GetDashboard" in " ".join(plan.output.split())


def _plan(deployment: Deployment, stack: str, *options: str) -> Result:
    common = ("-input=false", "-lock=false", "-detailed-exitcode")
    return deployment.terraform(stack, "plan", *common, *options)


def _assume(deployment: Deployment, *, lacking: str = "") -> dict[str, str]:
    """Make the role of docs/ci.md, or change it; its keys as variables."""
    trust, permissions = policies_for_plans()
    iam = deployment.client("iam")
    try:
        role = iam.get_role(RoleName=_ROLE)["Role"]
    except iam.exceptions.NoSuchEntityException:
        trusted = json.dumps(trust)
        role = iam.create_role(RoleName=_ROLE, AssumeRolePolicyDocument=trusted)["Role"]
    document = json.dumps(without(permissions, lacking))
    iam.put_role_policy(RoleName=_ROLE, PolicyName="plan", PolicyDocument=document)
    return assumed(deployment, role["Arn"])
