"""Find orphans of a fleet that have names, and that Terraform would not take over by itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from allora_cli.aws.batches import batches
from allora_cli.context import Context
from allora_cli.orphans.known import Known
from allora_cli.orphans.orphan import Orphan
from allora_cli.orphans.tags import has_tags_of
from fleet.images import Registry
from settings.fleet import Fleet
from settings.names import FleetNames
from shared.stacks import COMMON, FLEET

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

_SERVICES_AT_ONCE = 10
"""https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html"""


class FleetSearch:
    """The searches of a fleet's services.

    Args:
        context: whose fleet.
        fleet: its workers.
        known: what the states have.
    """

    def __init__(self, context: Context, fleet: Fleet, known: Known) -> None:
        self._known = known
        self._fleet = fleet
        self._settings = context.settings
        self._names = FleetNames(context.settings)
        self._repositories = Registry.of(context.settings).repositories

    def clusters(self, ecs: Any) -> list[Orphan]:  # noqa: ANN401 - boto3's, without stubs
        """Return the cluster."""
        type_, name = "aws_ecs_cluster", self._names.fleet
        return [
            Orphan.named(type_, each["clusterArn"], FLEET, f"the cluster {name}", name)
            for each in ecs.describe_clusters(clusters=[name])["clusters"]
            if each["status"] == "ACTIVE" and not self._known.has(type_, each["clusterArn"])
        ]

    def policies(self, iam: IAMClient) -> list[Orphan]:
        """Return the policies about the workers' secrets.

        IAM knows no regions: those of a fleet in another one name its parameters.
        """
        type_ = "aws_iam_policy"
        return [
            Orphan(type_, arn, COMMON, f"the policy {each['PolicyName']}", import_id=arn)
            for page in iam.get_paginator("list_policies").paginate(Scope="Local")
            for each in page["Policies"]
            if each["PolicyName"].startswith(f"{self._names.fleet}-")
            and not self._known.has(type_, arn := each["Arn"])
            and self._is_ours(iam, arn, each["DefaultVersionId"])
        ]

    def repositories(self, ecr: Any) -> list[Orphan]:  # noqa: ANN401 - boto3's, without stubs
        """Return repositories of images."""
        type_ = "aws_ecr_repository"
        return [
            Orphan.named(type_, name, COMMON, f"the repository {name}", name)
            for name in self._repositories.values()
            if not self._known.has(type_, name) and _has_repository(ecr, name)
        ]

    def builders(self, codebuild: Any) -> list[Orphan]:  # noqa: ANN401
        """Return the CodeBuild project."""
        type_, name = "aws_codebuild_project", self._names.builder
        return [
            Orphan.named(type_, each["arn"], COMMON, f"the CodeBuild project {name}", name)
            for each in codebuild.batch_get_projects(names=[name])["projects"]
            if not self._known.has(type_, each["arn"])
        ]

    def services(self, ecs: Any) -> list[Orphan]:  # noqa: ANN401
        """Return the services of the workers that are in the file."""
        type_, cluster = "aws_ecs_service", self._names.fleet
        workers = [worker.name for worker in self._fleet.workers]
        try:
            found = [
                each
                for names in batches(workers, _SERVICES_AT_ONCE)
                for each in ecs.describe_services(cluster=cluster, services=names)["services"]
                if each["status"] == "ACTIVE"
            ]
        except ecs.exceptions.ClusterNotFoundException:
            return []
        return [
            Orphan.named(
                type_,
                each["serviceArn"],
                FLEET,
                f"the service {name}",
                name,
                import_id=f"{cluster}/{name}",
            )
            for each in found
            if not self._known.has(type_, each["serviceArn"]) and (name := each["serviceName"])
        ]

    def _is_ours(self, iam: IAMClient, policy: str, version: str) -> bool:
        try:
            listed = iam.list_policy_tags(PolicyArn=policy)
            if not has_tags_of(self._settings, COMMON, listed):
                return False
            found = iam.get_policy_version(PolicyArn=policy, VersionId=version)["PolicyVersion"]
        except iam.exceptions.NoSuchEntityException:
            return False
        return self._names.parameter_arn in json.dumps(found["Document"])


def _has_repository(ecr: Any, name: str) -> bool:  # noqa: ANN401
    try:
        ecr.describe_repositories(repositoryNames=[name])
    except ecr.exceptions.RepositoryNotFoundException:
        return False
    return True
