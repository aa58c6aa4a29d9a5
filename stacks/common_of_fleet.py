"""What the stack `allora-common` has for a fleet: the resources that outlive its tasks."""

from __future__ import annotations

from cdktf import TerraformStack

from constructs_lib.expressions import literal
from constructs_lib.fleet.execution_role import ExecutionRole
from constructs_lib.fleet.image_builder import ImageBuilder
from constructs_lib.fleet.image_repositories import ImageRepositories
from constructs_lib.log_groups import LogGroups
from fleet.builders import ENVIRONMENTS
from fleet.images import BUILDSPEC, Registry
from settings import Settings
from settings.fleet import Architecture, Fleet
from settings.names import FLEET_LOG_GROUP_PREFIX, FleetNames, Names


class CommonOfFleet:
    """Log groups, image repositories and their builder, and the role that starts tasks.

    Args:
        stack: That gets them.

    Attributes:
        execution_role_arn: The role's.
        imports: The import blocks of the log groups.
    """

    def __init__(self, stack: TerraformStack, settings: Settings, fleet: Fleet) -> None:
        names = FleetNames(settings)
        log_groups = LogGroups(
            stack,
            "fleet-log-groups",
            prefix=FLEET_LOG_GROUP_PREFIX,
            names=names.log_groups,
            retention_days=settings.log_retention_days,
        )
        self.imports = log_groups.imports
        images = ImageRepositories(stack, "fleet-images", names=Registry.of(settings).repositories)
        ImageBuilder(
            stack,
            "fleet-image-builder",
            name=names.builder,
            role_name=names.builder_role,
            partition=settings.partition,
            region=settings.aws_region,
            account_id=settings.aws_account_id,
            environment=ENVIRONMENTS[Architecture.X86_64],  # not all regions have the other
            buildspec=literal(BUILDSPEC.read_text("utf-8")),
            repository_arns=images.arns,
            log_group_name=names.log_groups["images"],
            object_names=[f"{settings.state_bucket}/{names.contexts_prefix}/*"],
        )
        self.execution_role_arn = ExecutionRole(
            stack,
            "fleet-execution-role",
            name=names.fleet,
            role_name=names.execution_role,
            partition=settings.partition,
            region=settings.aws_region,
            account_id=settings.aws_account_id,
            repository_arns=images.arns,
            log_group_names=[names.log_groups[part] for part in ("worker", "model")],
            secrets_prefixes=[Names(worker.settings).secrets_prefix for worker in fleet.workers],
        ).arn
