"""The ECS cluster of a fleet."""

from __future__ import annotations

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.ecs_cluster import EcsCluster, EcsClusterSetting
from cdktf_cdktf_provider_aws.ecs_cluster_capacity_providers import EcsClusterCapacityProviders
from constructs import Construct

from settings.fleet import Capacity


class FleetCluster(Construct):
    """A cluster whose tasks run on Fargate, on demand or Spot.

    Without Container Insights, which costs more than the workers' own metrics
    (https://aws.amazon.com/cloudwatch/pricing/).

    Attributes:
        arn: the cluster's ARN.
        capacity: what a service with a capacity provider depends on.
    """

    def __init__(self, scope: Construct, id_: str, *, name: str) -> None:
        super().__init__(scope, id_)
        cluster = EcsCluster(
            self,
            "cluster",
            name=name,
            setting=[EcsClusterSetting(name="containerInsights", value="disabled")],
        )
        self.arn = cluster.arn
        self.capacity: ITerraformDependable = EcsClusterCapacityProviders(
            self, "capacity", cluster_name=cluster.name, capacity_providers=list(Capacity)
        )
