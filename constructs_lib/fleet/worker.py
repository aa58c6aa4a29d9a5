"""A worker of a fleet: its task definition and its service."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.ecs_service import (
    EcsService,
    EcsServiceCapacityProviderStrategy,
    EcsServiceNetworkConfiguration,
)
from cdktf_cdktf_provider_aws.ecs_task_definition import (
    EcsTaskDefinition,
    EcsTaskDefinitionRuntimePlatform,
    EcsTaskDefinitionVolume,
)
from constructs import Construct

from constructs_lib.expressions import literal
from settings.fleet import Architecture, Capacity, TaskSize

# Of Fargate on Linux. Named, because LATEST would change under a worker.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/platform-fargate.html
_PLATFORM: Final = "1.4.0"

_ECS_ARCHITECTURES: Final = {Architecture.ARM64: "ARM64", Architecture.X86_64: "X86_64"}


@dataclass(frozen=True)
class FleetPlace:
    """Where a fleet's tasks run.

    Attributes:
        cluster_arn: the ECS cluster.
        needs: what must exist before a task starts.
        execution_role_arn: the role with which ECS fetches images and secrets and writes logs.
    """

    cluster_arn: str
    subnet_ids: Sequence[str]
    security_group_id: str
    execution_role_arn: str
    needs: Sequence[ITerraformDependable] = ()


class FleetWorker(Construct):
    """A service that keeps one task running, or none while the worker is paused.

    The old task ends before the new one starts: two would sign with one wallet. There is no task
    role, so that no container, and least of all a model, has credentials of AWS.

    Args:
        name: of the task definition's family and of the service.
        worker_name: the worker's, for its tags.
        size: processors and memory of the whole task.
        containers: the definitions of the containers.
        volumes: names of volumes that the containers share.
        paused: whether nothing runs.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        worker_name: str,
        place: FleetPlace,
        size: TaskSize,
        capacity: Capacity,
        architecture: Architecture,
        containers: Sequence[Mapping[str, Any]],
        volumes: Sequence[str],
        paused: bool,
    ) -> None:
        super().__init__(scope, id_)
        tags = {"Worker": worker_name}
        task = EcsTaskDefinition(
            self,
            "task",
            family=name,
            requires_compatibilities=["FARGATE"],
            network_mode="awsvpc",
            cpu=str(size.cpu),
            memory=str(size.memory),
            execution_role_arn=place.execution_role_arn,
            runtime_platform=EcsTaskDefinitionRuntimePlatform(
                operating_system_family="LINUX",
                cpu_architecture=_ECS_ARCHITECTURES[architecture],
            ),
            volume=[EcsTaskDefinitionVolume(name=volume) for volume in volumes],
            container_definitions=literal(json.dumps(containers, sort_keys=True)),
            tags=tags,
        )
        EcsService(
            self,
            "service",
            name=worker_name,
            cluster=place.cluster_arn,
            task_definition=task.arn,
            desired_count=0 if paused else 1,
            deployment_minimum_healthy_percent=0,
            deployment_maximum_percent=100,
            availability_zone_rebalancing="DISABLED",
            capacity_provider_strategy=[
                EcsServiceCapacityProviderStrategy(capacity_provider=capacity, weight=1)
            ],
            platform_version=_PLATFORM,
            enable_ecs_managed_tags=True,
            propagate_tags="SERVICE",
            network_configuration=EcsServiceNetworkConfiguration(
                subnets=list(place.subnet_ids),
                security_groups=[place.security_group_id],
                assign_public_ip=True,
            ),
            depends_on=list(place.needs),
            tags=tags,
        )
