"""The stack `allora-common`: the resources that outlive a host."""

from __future__ import annotations

from constructs import Construct

from constructs_lib.alarm_topic import AlarmTopic
from constructs_lib.expressions import literal
from constructs_lib.fleet.execution_role import ExecutionRole
from constructs_lib.fleet.image_builder import ImageBuilder
from constructs_lib.fleet.image_repositories import ImageRepositories
from constructs_lib.log_groups import LogGroups
from constructs_lib.worker_role import WorkerRole
from fleet.builders import ENVIRONMENTS
from fleet.images import BUILDSPEC, Registry
from settings import Settings
from settings.fleet import Architecture, Fleet
from settings.names import FLEET_LOG_GROUP_PREFIX, FleetNames, Names
from stacks.base_stack import BaseStack


class CommonStack(BaseStack):
    """The host's role, log groups and alarm topic; and what a fleet's tasks need to start."""

    def __init__(
        self, scope: Construct, id_: str, *, settings: Settings, fleet: Fleet | None = None
    ) -> None:
        super().__init__(scope, id_, settings=settings, tags={"Worker": settings.worker_name})
        names = Names(settings)
        log_groups = LogGroups(
            self,
            "log-groups",
            prefix=names.log_group_prefix,
            names=names.log_groups,
            retention_days=settings.log_retention_days,
        )
        role = WorkerRole(
            self,
            "worker-role",
            name=settings.name_prefix,
            partition=settings.partition,
            region=settings.aws_region,
            account_id=settings.aws_account_id,
            log_group_names=list(names.log_groups.values()),
            parameter_names=names.parameters,
            object_names=names.objects,
        )
        alarms = AlarmTopic(
            self,
            "alarm-topic",
            name=f"{settings.name_prefix}-alarms",
            account_id=settings.aws_account_id,
            email=settings.alarm_email,
        )
        self.instance_profile_name = role.instance_profile_name
        self.alarm_topic_arn = alarms.topic_arn
        self.execution_role_arn = ""
        self._imports = log_groups.imports
        if fleet:
            self.execution_role_arn = self._for_fleet(settings, fleet)
        # cdktf supports import blocks only for ids that are known at synth.
        self.add_override("import", self._imports)

    def _for_fleet(self, settings: Settings, fleet: Fleet) -> str:
        """Create what outlives a fleet's tasks; return the ARN of the role that starts them."""
        names = FleetNames(settings)
        log_groups = LogGroups(
            self,
            "fleet-log-groups",
            prefix=FLEET_LOG_GROUP_PREFIX,
            names=names.log_groups,
            retention_days=settings.log_retention_days,
        )
        self._imports += log_groups.imports
        images = ImageRepositories(self, "fleet-images", names=Registry.of(settings).repositories)
        ImageBuilder(
            self,
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
        return ExecutionRole(
            self,
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
