"""The role with which ECS starts a fleet's tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cdktf_cdktf_provider_aws.iam_policy import IamPolicy
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from constructs_lib.iam_policy import LOG_IN_TO_ECR, policy_document

_A_POLICY: Final = 50
"""Workers in one managed policy, which takes 6,144 characters; a role takes ten policies
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html)."""


class ExecutionRole(Construct):
    """A role that ECS assumes to fetch images and secrets and to write logs.

    No container has it: it is not a task role.

    Args:
        name: the beginning of the names of its policies.
        role_name: the beginning of its own name.
        repository_arns: the ECR repositories to pull from.
        log_group_names: the log groups to write to.
        secrets_prefixes: prefixes of the SSM parameters to read, one a worker.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        role_name: str,
        partition: str,
        region: str,
        account_id: str,
        repository_arns: Sequence[str],
        log_group_names: Sequence[str],
        secrets_prefixes: Sequence[str],
    ) -> None:
        super().__init__(scope, id_)
        here = f"{region}:{account_id}"
        role = IamRole(
            self,
            "role",
            name_prefix=f"{role_name}-",
            description="Allora fleet: ECS fetches images and secrets, and writes logs",
            assume_role_policy=policy_document(
                {
                    "Sid": "Ecs",
                    "Effect": "Allow",
                    "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                    # As for a task role: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
                    "Condition": {
                        "StringEquals": {"aws:SourceAccount": account_id},
                        "ArnLike": {"aws:SourceArn": f"arn:{partition}:ecs:{here}:*"},
                    },
                }
            ),
        )
        IamRolePolicy(
            self,
            "policy",
            name="fleet-tasks",
            role=role.id,
            policy=policy_document(
                LOG_IN_TO_ECR,
                {
                    "Sid": "PullImages",
                    "Effect": "Allow",
                    "Action": [
                        "ecr:BatchCheckLayerAvailability",
                        "ecr:BatchGetImage",
                        "ecr:GetDownloadUrlForLayer",
                    ],
                    "Resource": list(repository_arns),
                },
                {
                    "Sid": "WriteLogs",
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "Resource": [
                        f"arn:{partition}:logs:{here}:log-group:{group}:log-stream:*"
                        for group in log_group_names
                    ],
                },
            ),
        )
        for first in range(0, len(secrets_prefixes), _A_POLICY):
            self._read_secrets(
                role,
                f"secrets-{first // _A_POLICY}",
                [
                    f"arn:{partition}:ssm:{here}:parameter{prefix}/*"
                    for prefix in secrets_prefixes[first : first + _A_POLICY]
                ],
                name=name,
            )
        self.arn = role.arn

    def _read_secrets(self, role: IamRole, id_: str, arns: list[str], *, name: str) -> None:
        policy = IamPolicy(
            self,
            id_,
            name_prefix=f"{name}-{id_}-",
            policy=policy_document(
                {
                    "Sid": "ReadSecrets",
                    "Effect": "Allow",
                    "Action": "ssm:GetParameters",
                    "Resource": arns,
                }
            ),
        )
        IamRolePolicyAttachment(self, f"{id_}-attached", role=role.name, policy_arn=policy.arn)
