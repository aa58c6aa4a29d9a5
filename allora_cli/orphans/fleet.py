"""Find orphans of a fleet that have names, and that AWS does not let Terraform create again."""

from __future__ import annotations

from typing import Any

from allora_cli.aws.batches import batches
from allora_cli.context import Context
from allora_cli.orphans.known import Known
from allora_cli.orphans.orphan import Orphan
from fleet.images import Registry
from settings.fleet import Fleet
from settings.names import FleetNames
from shared.stacks import COMMON, FLEET

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
        self._names = FleetNames(context.settings)
        self._repositories = Registry.of(context.settings).repositories

    def repositories(self, ecr: Any) -> list[Orphan]:  # noqa: ANN401 - boto3's, without stubs
        """Return repositories of images."""
        type_ = "aws_ecr_repository"
        return [
            Orphan(
                type_, name, COMMON, f"the repository {name}", import_id=name, values={"name": name}
            )
            for name in self._repositories.values()
            if not self._known.has(type_, name) and _has_repository(ecr, name)
        ]

    def builders(self, codebuild: Any) -> list[Orphan]:  # noqa: ANN401
        """Return the CodeBuild project."""
        type_, name = "aws_codebuild_project", self._names.builder
        return [
            Orphan(
                type_,
                each["arn"],
                COMMON,
                f"the CodeBuild project {name}",
                import_id=name,
                values={"name": name},
            )
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
            Orphan(
                type_,
                each["serviceArn"],
                FLEET,
                f"the service {name}",
                import_id=f"{cluster}/{name}",
                values={"name": name},
            )
            for each in found
            if not self._known.has(type_, each["serviceArn"]) and (name := each["serviceName"])
        ]


def _has_repository(ecr: Any, name: str) -> bool:  # noqa: ANN401
    try:
        ecr.describe_repositories(repositoryNames=[name])
    except ecr.exceptions.RepositoryNotFoundException:
        return False
    return True
