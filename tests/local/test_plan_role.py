"""What plans on pull requests ask for, and the role that docs/ci.md gives them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from devtools.embedded_aws.emulator import ACCOUNT_ID
from shared.stacks import STACKS
from tests.local.asked import Asked
from tests.local.deployment import REGION
from tests.local.interposer import interposed
from tests.local.template import Deployed
from tests.policies import policies_for_plans

NEEDS_NO_PERMISSION = "sts:GetCallerIdentity"

_HERE = f"{REGION}:{ACCOUNT_ID}"
_ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/{{RoleName}}"
_ARNS = {
    "cloudwatch:GetDashboard": f"arn:aws:cloudwatch::{ACCOUNT_ID}:dashboard/{{DashboardName}}",
    "ec2:DescribeInstanceAttribute": f"arn:aws:ec2:{_HERE}:instance/{{InstanceId}}",
    "ec2:DescribeVpcAttribute": f"arn:aws:ec2:{_HERE}:vpc/{{VpcId}}",
    "iam:GetInstanceProfile": (
        f"arn:aws:iam::{ACCOUNT_ID}:instance-profile/{{InstanceProfileName}}"
    ),
    "iam:GetRole": _ROLE,
    "iam:GetRolePolicy": _ROLE,
    "iam:ListAttachedRolePolicies": _ROLE,
    "iam:ListRolePolicies": _ROLE,
    "ssm:GetParameter": f"arn:aws:ssm:{REGION}::parameter{{Name}}",
}
"""What an action is about, by the parameters of a request that names no ARN itself."""


@pytest.mark.slow
def test_plain_terraform_agrees_and_asks_for_what_the_role_may_do(deployed: Deployed) -> None:
    """`terraform init && terraform plan` in the synthesized folders, as in CI."""
    asked: list[Asked] = []
    with interposed(deployed.deployment, lambda _: None, asked) as recorded:
        for stack in STACKS:
            assert recorded.terraform(stack, "init", "-input=false").returncode == 0
            options = ("-input=false", "-lock=false", "-detailed-exitcode")
            plan = recorded.terraform(stack, "plan", *options)
            assert plan.returncode == 0, plan.output  # 2 would be: there are changes

    granted = set(grants())
    used = [(each.permission, resource_of(each)) for each in asked]
    for action, resource in used:
        if action != NEEDS_NO_PERMISSION:
            assert any(
                fnmatchcase(resource, pattern) for name, pattern in granted if name == action
            ), (action, resource)
    assert {action for action, _ in granted} == {action for action, _ in used} - {
        NEEDS_NO_PERMISSION
    }


def test_our_instance_has_the_tags_that_the_role_asks_for(deployed: Deployed) -> None:
    _, permissions = policies_for_plans()
    (wanted,) = [
        statement["Condition"]["StringEquals"]
        for statement in permissions["Statement"]
        if statement["Action"] == "ec2:DescribeInstanceAttribute"
    ]
    tags = deployed.deployment.client("ec2").describe_tags(
        Filters=[{"Name": "resource-id", "Values": [deployed.outputs["instance_id"]]}]
    )["Tags"]
    assert wanted.items() <= {f"aws:ResourceTag/{tag['Key']}": tag["Value"] for tag in tags}.items()


def grants() -> Iterator[tuple[str, str]]:
    """Each action of the role with each resource; those of docs/ci.md are this deployment's."""
    _, permissions = policies_for_plans()
    for statement in permissions["Statement"]:
        actions, resources = (
            [value] if isinstance(value, str) else value
            for value in (statement["Action"], statement["Resource"])
        )
        for action in actions:
            for resource in resources:
                yield action, resource


def resource_of(asked: Asked) -> str:
    """The ARN of what a request is about, where IAM knows one; else a star."""
    if asked.permission.startswith("s3:"):
        return f"arn:aws:s3:::{urlsplit(asked.path).path.strip('/')}"
    named = _named(asked)
    for parameter in ("ResourceArn", "ResourceARN", "resourceArn", "TopicArn"):
        if parameter in named:
            return str(named[parameter])
    return _ARNS.get(asked.permission, "*").format_map(named)


def _named(asked: Asked) -> dict[str, Any]:
    if asked.is_json:
        parameters: dict[str, Any] = json.loads(asked.body)
        return parameters
    return {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
