"""Users and roles on the embedded AWS: their keys are variables, as the tools take them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.local.deployment import Deployment
from tests.policies import policies_for_plans


def policy(*statements: dict[str, Any]) -> str:
    """A policy's document."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def user(deployment: Deployment, *statements: dict[str, Any]) -> dict[str, str]:
    """Make a user, ada, with a policy."""
    iam = deployment.client("iam")
    iam.create_user(UserName="ada")
    iam.put_user_policy(UserName="ada", PolicyName="p", PolicyDocument=policy(*statements))
    return keys_of(deployment, "ada")


def keys_of(deployment: Deployment, name: str) -> dict[str, str]:
    """Make keys of a user."""
    key = deployment.client("iam").create_access_key(UserName=name)["AccessKey"]
    return {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }


def assumed(deployment: Deployment, role: str) -> dict[str, str]:
    """Assume a role, by its ARN, as AWS does for an instance."""
    sts = deployment.client("sts")
    keys = sts.assume_role(RoleArn=role, RoleSessionName="i-1")["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
    }


def plan_role(deployment: Deployment, *policies: Mapping[str, Any]) -> dict[str, str]:
    """Make the role of docs/ci.md with these policies, or change it; its keys as variables."""
    name = "allora-plan"
    iam = deployment.client("iam")
    try:
        role = iam.get_role(RoleName=name)["Role"]
    except iam.exceptions.NoSuchEntityException:
        trust, _ = policies_for_plans()
        trusted = json.dumps(trust)
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted)["Role"]
    for number, each in enumerate(policies):
        document = json.dumps(each)
        iam.put_role_policy(RoleName=name, PolicyName=f"{number}", PolicyDocument=document)
    return assumed(deployment, role["Arn"])
