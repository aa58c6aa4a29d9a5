"""The CodeBuild project that builds a fleet's images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cdktf_cdktf_provider_aws.codebuild_project import (
    CodebuildProject,
    CodebuildProjectArtifacts,
    CodebuildProjectEnvironment,
    CodebuildProjectLogsConfig,
    CodebuildProjectLogsConfigCloudwatchLogs,
    CodebuildProjectSource,
)
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from constructs_lib.iam_policy import LOG_IN_TO_ECR, policy_document

_MINUTES: Final = 30


class ImageBuilder(Construct):
    """A project whose builds make one image each, on AWS: no Docker is needed elsewhere.

    A build gets variables that say what to build (`buildspec.yml`), so that one project builds all
    images, for both architectures.

    Args:
        name: of the project.
        role_name: the beginning of its role's name.
        environment: type and image of the build environment; a build may name another one.
        buildspec: the text of a buildspec.
        repository_arns: the ECR repositories to push to.
        log_group_name: the log group to write to.
        object_names: the S3 objects to read: bucket, slash, key.
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
        environment: tuple[str, str],
        buildspec: str,
        repository_arns: Sequence[str],
        log_group_name: str,
        object_names: Sequence[str],
    ) -> None:
        super().__init__(scope, id_)
        here = f"{region}:{account_id}"
        role = IamRole(
            self,
            "role",
            name_prefix=f"{role_name}-",
            description="Allora fleet: CodeBuild builds images",
            assume_role_policy=policy_document(
                {
                    "Sid": "CodeBuild",
                    "Effect": "Allow",
                    "Principal": {"Service": "codebuild.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                    "Condition": {
                        "StringEquals": {
                            "aws:SourceArn": f"arn:{partition}:codebuild:{here}:project/{name}"
                        }
                    },
                }
            ),
        )
        policy = IamRolePolicy(
            self,
            "policy",
            name="build-images",
            role=role.id,
            policy=policy_document(
                LOG_IN_TO_ECR,
                {
                    "Sid": "PushImages",
                    "Effect": "Allow",
                    "Action": [
                        "ecr:BatchCheckLayerAvailability",
                        "ecr:BatchGetImage",
                        "ecr:CompleteLayerUpload",
                        "ecr:GetDownloadUrlForLayer",
                        "ecr:InitiateLayerUpload",
                        "ecr:PutImage",
                        "ecr:UploadLayerPart",
                    ],
                    "Resource": list(repository_arns),
                },
                {
                    "Sid": "WriteLogs",
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "Resource": f"arn:{partition}:logs:{here}:log-group:{log_group_name}:*",
                },
                {
                    "Sid": "ReadBuildContexts",
                    "Effect": "Allow",
                    "Action": "s3:GetObject",
                    "Resource": [f"arn:{partition}:s3:::{each}" for each in object_names],
                },
            ),
        )
        type_, image = environment
        CodebuildProject(
            self,
            "project",
            name=name,
            description="Builds an image of the fleet: allora images",
            service_role=role.arn,
            build_timeout=_MINUTES,
            artifacts=CodebuildProjectArtifacts(type="NO_ARTIFACTS"),
            environment=CodebuildProjectEnvironment(
                type=type_,
                image=image,
                compute_type="BUILD_GENERAL1_SMALL",
                privileged_mode=True,  # for Docker
            ),
            source=CodebuildProjectSource(type="NO_SOURCE", buildspec=buildspec),
            logs_config=CodebuildProjectLogsConfig(
                cloudwatch_logs=CodebuildProjectLogsConfigCloudwatchLogs(group_name=log_group_name)
            ),
            depends_on=[policy],
        )
