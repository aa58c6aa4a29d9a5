"""The network of the worker's host: a new one, or an existing one."""

from __future__ import annotations

from dataclasses import dataclass

from cdktf import (
    ITerraformDependable,
    Postcondition,
    TerraformResourceLifecycle,
)
from cdktf_cdktf_provider_aws.data_aws_subnet import DataAwsSubnet
from cdktf_cdktf_provider_aws.default_security_group import DefaultSecurityGroup
from cdktf_cdktf_provider_aws.internet_gateway import InternetGateway
from cdktf_cdktf_provider_aws.route import Route
from cdktf_cdktf_provider_aws.route_table import RouteTable
from cdktf_cdktf_provider_aws.route_table_association import RouteTableAssociation
from cdktf_cdktf_provider_aws.subnet import Subnet
from cdktf_cdktf_provider_aws.vpc import Vpc
from constructs import Construct


@dataclass(frozen=True)
class NetworkPlace:
    """A subnet for a host.

    Attributes:
        subnet_id: a subnet whose default route leads to an internet gateway.
        internet_access: resources that a host needs before it reaches the internet.
    """

    vpc_id: str
    subnet_id: str
    availability_zone: str
    internet_access: tuple[ITerraformDependable, ...] = ()


class PublicNetwork(Construct):
    """A VPC with DNS, an internet gateway and one public subnet with its route.

    The VPC's default security group is emptied, so that nothing uses it by accident. The subnet
    assigns no public addresses: the host has an Elastic IP.

    Args:
        name: the beginning of each `Name` tag.
        subnet_cidr: an IPv4 block inside the VPC's.
        availability_zone: None: `fallback_zone` at creation, then the subnet's own zone, because a
            subnet cannot move without replacing everything in it.
        fallback_zone: a zone that offers the instance type.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        vpc_cidr: str,
        subnet_cidr: str,
        availability_zone: str | None,
        fallback_zone: str,
    ) -> None:
        super().__init__(scope, id_)
        vpc = Vpc(
            self,
            "vpc",
            cidr_block=vpc_cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags={"Name": name},
        )
        DefaultSecurityGroup(
            self, "default-security-group", vpc_id=vpc.id, tags={"Name": f"{name}-default-unused"}
        )
        gateway = InternetGateway(self, "internet-gateway", vpc_id=vpc.id, tags={"Name": name})
        subnet = Subnet(
            self,
            "public-subnet",
            vpc_id=vpc.id,
            cidr_block=subnet_cidr,
            availability_zone=availability_zone or fallback_zone,
            map_public_ip_on_launch=False,
            lifecycle=None
            if availability_zone
            else TerraformResourceLifecycle(ignore_changes=["availability_zone"]),
            tags={"Name": f"{name}-public"},
        )
        route_table = RouteTable(
            self, "public-route-table", vpc_id=vpc.id, tags={"Name": f"{name}-public"}
        )
        internet_route = Route(
            self,
            "internet-route",
            route_table_id=route_table.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway.id,
        )
        association = RouteTableAssociation(
            self,
            "public-route-table-association",
            route_table_id=route_table.id,
            subnet_id=subnet.id,
        )
        self.place = NetworkPlace(
            vpc_id=vpc.id,
            subnet_id=subnet.id,
            availability_zone=subnet.availability_zone,
            internet_access=(internet_route, association),
        )


class ExistingNetwork(Construct):
    """An existing VPC and public subnet, which Terraform only reads.

    Args:
        subnet_id: a subnet of the VPC; of another VPC, the plan fails.
    """

    def __init__(self, scope: Construct, id_: str, *, vpc_id: str, subnet_id: str) -> None:
        super().__init__(scope, id_)
        subnet = DataAwsSubnet(
            self,
            "subnet",
            id=subnet_id,
            lifecycle=TerraformResourceLifecycle(
                postcondition=[
                    Postcondition(
                        condition=f'${{self.vpc_id == "{vpc_id}"}}',
                        error_message=(
                            f"AWS_SUBNET_ID: {subnet_id} is in ${{self.vpc_id}}, not in {vpc_id}. "
                            "Set AWS_VPC_ID to the subnet's VPC, or choose another subnet."
                        ),
                    )
                ]
            ),
        )
        self.place = NetworkPlace(
            vpc_id=subnet.vpc_id,
            subnet_id=subnet.id,
            availability_zone=subnet.availability_zone,
        )
