"""Somebody who may deploy and operate a worker, and nothing else."""

from __future__ import annotations

import json

from tests.local.deployment import Deployment
from tests.local.identities import keys_of
from tests.policies import policies_of_deployers

NAME = "deployer"


def deployer(deployment: Deployment) -> dict[str, str]:
    """Make a user with the policies of docs/permissions.md; the keys as variables."""
    iam = deployment.client("iam")
    iam.create_user(UserName=NAME)
    for number, policy in enumerate(policies_of_deployers()):
        made = iam.create_policy(PolicyName=f"{NAME}-{number}", PolicyDocument=json.dumps(policy))
        iam.attach_user_policy(UserName=NAME, PolicyArn=made["Policy"]["Arn"])
    return keys_of(deployment, NAME)
