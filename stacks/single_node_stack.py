"""The stack `allora-single-node`: one worker's host and the network around it."""

from __future__ import annotations

from dataclasses import asdict

from cdktf import TerraformOutput
from constructs import Construct

from constructs_lib.alarms import Limits
from constructs_lib.data_volume import DataVolume
from constructs_lib.host_archive import HostArchive
from constructs_lib.instance_type_offerings import InstanceTypeOfferings
from constructs_lib.monitoring import Monitoring
from constructs_lib.network import ExistingNetwork, NetworkPlace, PublicNetwork
from constructs_lib.worker_host import WorkerHost, WorkerHostProps
from constructs_lib.worker_security_group import WorkerSecurityGroup
from settings import Settings
from settings.images import ubuntu_parameter
from settings.names import Names
from shared.stacks import SingleNodeOutputs
from stacks.base_stack import BaseStack
from user_data.archive import host_archive
from user_data.host_files import host_user_data


class SingleNodeStack(BaseStack):
    """A VPC (or an existing one), a security group, the host, its address and its monitoring."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        instance_profile_name: str,
        alarm_topic_arn: str,
    ) -> None:
        super().__init__(scope, id_, settings=settings, tags={"Worker": settings.worker_name})
        names = Names(settings)
        offerings = InstanceTypeOfferings(
            self,
            "offerings",
            instance_type=settings.instance_type,
            region=settings.aws_region,
        )
        place = self._network(settings, fallback_zone=offerings.first_zone)
        security_group = WorkerSecurityGroup(
            self,
            "security-group",
            name=settings.name_prefix,
            vpc_id=place.vpc_id,
            worker_port=settings.worker_port,
            ingress_cidrs=[str(cidr) for cidr in settings.ingress_cidrs],
        )
        data_volume = self._data_volume(settings, place)
        archive = self._host_archive(settings)
        host = WorkerHost(
            self,
            "host",
            WorkerHostProps(
                name=settings.name_prefix,
                place=place,
                security_group_id=security_group.security_group_id,
                instance_profile_name=instance_profile_name,
                instance_type=settings.instance_type,
                architecture=settings.architecture,
                ubuntu_parameter=ubuntu_parameter(settings.architecture),
                offered_zones=offerings.zones,
                ami_id=settings.ami_id,
                root_volume_gib=settings.root_volume_size,
                user_data=host_user_data(settings, archive_sha256=archive.sha256),
                needs=[archive.uploaded],
                data_volume_id=data_volume.volume_id if data_volume else None,
            ),
        )
        if data_volume:
            data_volume.attach_to(host.instance_id)
        monitoring = Monitoring(
            self,
            "monitoring",
            name=names.in_region,
            partition=settings.partition,
            region=settings.aws_region,
            worker_name=settings.worker_name,
            topic_ids=settings.topic_ids,
            instance_id=host.instance_id,
            recoverable=bool(settings.instance and settings.instance.recoverable),
            burstable=bool(settings.instance and settings.instance.burstable),
            limits=self._limits(settings),
            alarm_topic_arn=alarm_topic_arn,
            log_group_names=names.log_groups,
        )
        outputs = SingleNodeOutputs(
            instance_id=host.instance_id,
            public_ip=host.public_ip,
            vpc_id=place.vpc_id,
            subnet_id=place.subnet_id,
            security_group_id=security_group.security_group_id,
            connect_command=(
                f"aws ssm start-session --target {host.instance_id} --region {settings.aws_region}"
            ),
            dashboard_url=monitoring.dashboard_url,
        )
        for name, value in asdict(outputs).items():
            TerraformOutput(self, name, value=value)

    def _network(self, settings: Settings, *, fallback_zone: str) -> NetworkPlace:
        if settings.vpc_id and settings.subnet_id:
            return ExistingNetwork(
                self, "existing-network", vpc_id=settings.vpc_id, subnet_id=settings.subnet_id
            ).place
        return PublicNetwork(
            self,
            "network",
            name=settings.name_prefix,
            vpc_cidr=str(settings.vpc_cidr),
            subnet_cidr=str(settings.subnet_cidr),
            availability_zone=settings.availability_zone,
            fallback_zone=fallback_zone,
        ).place

    def _host_archive(self, settings: Settings) -> HostArchive:
        return HostArchive(
            self,
            "build-contexts",
            bucket=settings.state_bucket,
            key_prefix=Names(settings).archive_prefix,
            content=host_archive(settings),
            provider=self.provider_in(settings.state_region),
        )

    def _data_volume(self, settings: Settings, place: NetworkPlace) -> DataVolume | None:
        volume = settings.data_volume
        if volume is None:
            return None
        return DataVolume(
            self,
            "data-volume",
            name=f"{settings.name_prefix}-data",
            availability_zone=place.availability_zone,
            volume_type=volume.type,
            size_gib=volume.size,
            iops=volume.iops,
            throughput=volume.throughput,
        )

    def _limits(self, settings: Settings) -> Limits | None:
        """Return the alarms' thresholds; None for a worker image that may report no metrics."""
        if settings.worker_image:
            return None
        return Limits(settings.alarm_missed_windows, settings.alarm_balance)
