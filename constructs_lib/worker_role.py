"""The IAM role of the worker's host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cdktf_cdktf_provider_aws.iam_instance_profile import IamInstanceProfile
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from constructs_lib.iam_policy import policy_document
from shared.service_principals import ec2_principal


class WorkerRole(Construct):
    """A role for EC2 with the host's least privileges, and its instance profile.

    These are Session Manager, writing to its own log groups, and reading its own parameters and
    archives. CloudWatch extracts the metrics from the logs. The managed policy
    `AmazonSSMManagedInstanceCore` would let the host read every parameter of the account.

    Args:
        name: the beginning of the role's and the profile's names. AWS makes them unique, so that
            workers in other regions and a killed deployment's leftovers do not collide.
        partition: `aws`, `aws-cn` or `aws-us-gov`.
        object_names: the S3 objects to read: bucket, slash, key.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        partition: str,
        region: str,
        account_id: str,
        log_group_names: Sequence[str],
        parameter_names: Sequence[str],
        object_names: Sequence[str],
    ) -> None:
        super().__init__(scope, id_)
        role = IamRole(
            self,
            "role",
            name_prefix=f"{name}-",
            description="Allora worker host: Session Manager, its own logs, parameters and metrics",
            assume_role_policy=policy_document(
                {
                    "Sid": "Ec2",
                    "Effect": "Allow",
                    "Principal": {"Service": ec2_principal(partition)},
                    "Action": "sts:AssumeRole",
                }
            ),
        )
        here = f"{region}:{account_id}"
        IamRolePolicy(
            self,
            "policy",
            name="worker-host",
            role=role.id,
            policy=policy_document(
                _SESSION_MANAGER,
                {
                    "Sid": "WriteOwnLogs",
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "Resource": [
                        f"arn:{partition}:logs:{here}:log-group:{group}:log-stream:*"
                        for group in log_group_names
                    ],
                },
                {
                    "Sid": "ReadOwnParameters",
                    "Effect": "Allow",
                    "Action": "ssm:GetParameters",
                    "Resource": [
                        f"arn:{partition}:ssm:{here}:parameter{parameter}"
                        for parameter in parameter_names
                    ],
                },
                {
                    "Sid": "ReadBuildContexts",
                    "Effect": "Allow",
                    "Action": "s3:GetObject",
                    "Resource": [f"arn:{partition}:s3:::{name}" for name in object_names],
                },
            ),
        )
        profile = IamInstanceProfile(
            self, "instance-profile", name_prefix=f"{name}-", role=role.name
        )
        self.instance_profile_name = profile.name


# The documented minimum for Session Manager. The message channels support no resources, and the
# instance's id is unknown when the role is created.
# https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html
_SESSION_MANAGER: dict[str, Any] = {
    "Sid": "SessionManager",
    "Effect": "Allow",
    "Action": [
        "ssm:UpdateInstanceInformation",
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    ],
    "Resource": "*",
}
