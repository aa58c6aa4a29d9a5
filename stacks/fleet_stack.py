"""The stack `allora-fleet`: many workers on Fargate, and the network around them."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal

from cdktf import TerraformOutput
from cdktf_cdktf_provider_aws.data_aws_availability_zones import (
    DataAwsAvailabilityZones,
    DataAwsAvailabilityZonesFilter,
)
from constructs import Construct

from constructs_lib.alarms import Limits
from constructs_lib.fleet.cluster import FleetCluster
from constructs_lib.fleet.monitoring import FleetMonitoring
from constructs_lib.fleet.security_group import FleetSecurityGroup
from constructs_lib.fleet.worker import FleetPlace, FleetWorker
from constructs_lib.network import ExistingNetwork, NetworkPlace, PublicNetwork
from fleet.containers import VOLUMES, Place, container_definitions
from fleet.images import Registry, images_of
from settings import Settings
from settings.fleet import ZONES_WITHOUT_FARGATE, Fleet
from settings.names import FleetNames
from shared.stacks import FleetOutputs
from stacks.base_stack import BaseStack


class FleetStack(BaseStack):
    """A VPC (or an existing one), a cluster, and a service for each worker."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        fleet: Fleet,
        execution_role_arn: str,
        alarm_topic_arn: str,
    ) -> None:
        # No worker's name: a tag of all would change all when one is renamed.
        super().__init__(scope, id_, settings=settings, tags={})
        names = FleetNames(settings)
        network = self._network(settings, names)
        security_group = FleetSecurityGroup(
            self, "security-group", name=names.fleet, vpc_id=network.vpc_id
        )
        cluster = FleetCluster(self, "cluster", name=names.fleet)
        place = FleetPlace(
            cluster_arn=cluster.arn,
            subnet_ids=[network.subnet_id],
            security_group_id=security_group.security_group_id,
            execution_role_arn=execution_role_arn,
            needs=[cluster.capacity, *network.internet_access],
        )
        containers_place = Place(
            fleet=names.fleet,
            region=settings.aws_region,
            parameter_arn=names.parameter_arn,
            log_groups=dict(names.log_groups),
        )
        registry = Registry.of(settings)
        workers = Construct(self, "workers")
        for worker in fleet.workers:
            images = images_of(worker, registry)
            FleetWorker(
                workers,
                worker.name,
                name=names.family(worker.name),
                worker_name=worker.name,
                place=place,
                size=worker.options.size,
                capacity=worker.options.capacity,
                architecture=worker.options.architecture,
                containers=container_definitions(worker, images, containers_place),
                volumes=VOLUMES,
                paused=worker.options.paused,
            )
        monitoring = FleetMonitoring(
            self,
            "monitoring",
            name=names.in_region,
            partition=settings.partition,
            region=settings.aws_region,
            fleet=names.fleet,
            workers=len(fleet.reporting),
            limits=Limits(settings.alarm_missed_windows, _balance_limit(fleet, settings)),
            alarm_topic_arn=alarm_topic_arn,
            log_group_names=names.log_groups,
        )
        outputs = FleetOutputs(
            cluster_name=names.fleet,
            vpc_id=network.vpc_id,
            subnet_id=network.subnet_id,
            security_group_id=security_group.security_group_id,
            dashboard_url=monitoring.dashboard_url,
        )
        for name, value in asdict(outputs).items():
            TerraformOutput(self, name, value=value)

    def _network(self, settings: Settings, names: FleetNames) -> NetworkPlace:
        if settings.vpc_id and settings.subnet_id:
            return ExistingNetwork(
                self, "existing-network", vpc_id=settings.vpc_id, subnet_id=settings.subnet_id
            ).place
        # A Local Zone, which an account may have enabled, comes first by name and has no Fargate.
        zones = DataAwsAvailabilityZones(
            self,
            "zones",
            state="available",
            filter=[DataAwsAvailabilityZonesFilter(name="zone-type", values=["availability-zone"])],
            exclude_zone_ids=list(ZONES_WITHOUT_FARGATE),
        )
        return PublicNetwork(
            self,
            "network",
            name=names.fleet,
            vpc_cidr=str(settings.vpc_cidr),
            subnet_cidr=str(settings.subnet_cidr),
            availability_zone=settings.availability_zone,
            fallback_zone=f"${{{zones.fqn}.names[0]}}",
        ).place


def _balance_limit(fleet: Fleet, settings: Settings) -> Decimal:
    """Return the highest limit: workers of several networks have one alarm."""
    limits = (worker.settings.alarm_balance for worker in fleet.reporting)
    return max(limits, default=settings.alarm_balance)
