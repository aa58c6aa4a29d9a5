"""The stack `allora-common`: the resources that outlive a host."""

from __future__ import annotations

from constructs import Construct

from constructs_lib.alarm_topic import AlarmTopic
from constructs_lib.log_groups import LogGroups
from constructs_lib.worker_role import WorkerRole
from settings import Settings
from settings.fleet import Fleet
from settings.names import Names
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
        imports = log_groups.imports
        if fleet:
            # Many modules, which the synth of a host does without.
            from stacks.common_of_fleet import CommonOfFleet  # noqa: PLC0415

            of_fleet = CommonOfFleet(self, settings, fleet)
            self.execution_role_arn = of_fleet.execution_role_arn
            imports = [*imports, *of_fleet.imports]
        # cdktf supports import blocks only for ids that are known at synth.
        self.add_override("import", imports)
