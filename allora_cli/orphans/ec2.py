"""Find orphans in EC2, by their tags; what has none is found at the resource that it belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from allora_cli.context import Context
from allora_cli.orphans.known import Known
from allora_cli.orphans.orphan import Orphan
from allora_cli.orphans.tags import tags_of
from allora_cli.terraform.running_costs import RunningCosts
from shared.stacks import SINGLE_NODE

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import (
        InstanceTypeDef,
        RouteTableTypeDef,
        SecurityGroupRuleTypeDef,
    )

_LIVING: Final = ["pending", "running", "stopping", "stopped"]

_WITH_DISKS: Final = [*_LIVING, "shutting-down"]
"""An instance's disks that end with it are there until it has ended."""

_NETWORK: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "aws_vpc": ("describe_vpcs", "Vpcs", "VpcId", "the VPC"),
    "aws_subnet": ("describe_subnets", "Subnets", "SubnetId", "the subnet"),
    "aws_internet_gateway": (
        "describe_internet_gateways",
        "InternetGateways",
        "InternetGatewayId",
        "the internet gateway",
    ),
}
"""By Terraform's type: boto3's method, the member with the list, that with the id, and words."""


class Ec2Search:
    """The searches of EC2, each to be run in a thread of its own.

    Args:
        context: whose worker.
        known: what the states have.
        ec2: a client.
        stack: that would have it; by default the single host's.
    """

    def __init__(
        self, context: Context, known: Known, ec2: EC2Client, stack: str = SINGLE_NODE
    ) -> None:
        self._known = known
        self._stack = stack
        self._ec2 = ec2
        self._costs = RunningCosts(context)
        tags = tags_of(context.settings, stack)
        self._ours: list[Any] = [
            {"Name": f"tag:{tag}", "Values": [value]} for tag, value in tags.items()
        ]

    def instances(self) -> list[Orphan]:
        """Return instances that exist, also stopped ones."""
        return [
            self._orphan(
                "aws_instance",
                each["InstanceId"],
                f"the instance {each['InstanceId']} ({each['InstanceType']})",
                vpc=each.get("VpcId", ""),
                instance_type=each["InstanceType"],
            )
            for each in self._instances_in(_LIVING)
            if not self._known.has("aws_instance", each["InstanceId"])
        ]

    def _instances_in(self, names: list[str]) -> list[InstanceTypeDef]:
        states: list[Any] = [{"Name": "instance-state-name", "Values": names}]
        pages = self._ec2.get_paginator("describe_instances").paginate(Filters=self._ours + states)
        return [
            each for page in pages for group in page["Reservations"] for each in group["Instances"]
        ]

    def addresses(self) -> list[Orphan]:
        """Return Elastic IPs."""
        return [
            self._orphan("aws_eip", each["AllocationId"], f"the address {each['PublicIp']}")
            for each in self._ec2.describe_addresses(Filters=self._ours)["Addresses"]
            if not self._known.has("aws_eip", each["AllocationId"])
        ]

    def volumes(self) -> list[Orphan]:
        """Return volumes; not those that end with their instance."""
        disks = {
            disk["Ebs"]["VolumeId"]
            for each in self._instances_in(_WITH_DISKS)
            for disk in each.get("BlockDeviceMappings", [])
            if disk["Ebs"].get("DeleteOnTermination")
        }
        pages = self._ec2.get_paginator("describe_volumes").paginate(Filters=self._ours)
        return [
            self._orphan(
                "aws_ebs_volume",
                each["VolumeId"],
                f"the volume {each['VolumeId']} ({each['Size']} GiB)",
                type=each.get("VolumeType", ""),
                size=each["Size"],
            )
            for page in pages
            for each in page["Volumes"]
            if each["VolumeId"] not in disks
            and not self._known.has("aws_ebs_volume", each["VolumeId"])
        ]

    def networks(self) -> list[Orphan]:
        """Return VPCs, subnets, gateways, and route tables with what belongs to them."""
        found = []
        for type_, (method, member, id_, words) in _NETWORK.items():
            for each in getattr(self._ec2, method)(Filters=self._ours)[member]:
                if not self._known.has(type_, each[id_]):
                    vpc = each.get("VpcId") or _attached_to(each)
                    what = f"{words} {each[id_]}"
                    found.append(self._orphan(type_, each[id_], what, vpc=vpc))
        for table in self._ec2.describe_route_tables(Filters=self._ours)["RouteTables"]:
            found += self._of_route_table(table)
        return found

    def security_groups(self) -> list[Orphan]:
        """Return security groups, and the rules of ours; not a VPC's default one."""
        groups = self._ec2.describe_security_groups(Filters=self._ours)["SecurityGroups"]
        vpcs = {
            each["GroupId"]: each.get("VpcId", "")
            for each in groups
            if each["GroupName"] != "default"
        }
        found = [
            self._orphan("aws_security_group", id_, f"the security group {id_}", vpc=vpc)
            for id_, vpc in vpcs.items()
            if not self._known.has("aws_security_group", id_)
        ]
        if vpcs:
            rules = self._ec2.describe_security_group_rules(
                Filters=[{"Name": "group-id", "Values": list(vpcs)}]
            )["SecurityGroupRules"]
            found += [
                orphan for rule in rules if (orphan := self._rule(rule, vpcs[rule["GroupId"]]))
            ]
        return found

    def _of_route_table(self, table: RouteTableTypeDef) -> Iterator[Orphan]:
        id_, vpc = table["RouteTableId"], table.get("VpcId", "")
        if not self._known.has("aws_route_table", id_):
            yield self._orphan("aws_route_table", id_, f"the route table {id_}", vpc=vpc)
        saved = {
            (each.get("route_table_id"), each.get("destination_cidr_block"))
            for each in self._known.values.get("aws_route", ())
        }
        for route in table.get("Routes", []):
            target = route.get("DestinationCidrBlock", "")
            if route.get("GatewayId", "").startswith("igw-") and (id_, target) not in saved:
                name = f"{id_}_{target}"
                yield self._orphan("aws_route", name, f"the route to {target} in {id_}", vpc=vpc)
        for each in table.get("Associations", []):
            link = each.get("RouteTableAssociationId", "")
            if each.get("Main") or self._known.has("aws_route_table_association", link):
                continue
            if subnet := each.get("SubnetId"):
                yield self._orphan(
                    "aws_route_table_association",
                    link,
                    f"the route table of {subnet}",
                    vpc=vpc,
                    import_id=f"{subnet}/{id_}",
                )

    def _rule(self, rule: SecurityGroupRuleTypeDef, vpc: str) -> Orphan | None:
        direction = "egress" if rule["IsEgress"] else "ingress"
        type_ = f"aws_vpc_security_group_{direction}_rule"
        id_ = rule["SecurityGroupRuleId"]
        if self._known.has(type_, id_):
            return None
        return self._orphan(
            type_,
            id_,
            f"the {direction} rule {id_} of {rule['GroupId']}",
            vpc=vpc,
            # One without tags is AWS's own, of a new group; Terraform wants none of those.
            cidr_ipv4=rule.get("CidrIpv4") if rule.get("Tags") else None,
            security_group=rule["GroupId"],
        )

    def _orphan(
        self,
        type_: str,
        id_: str,
        what: str,
        *,
        vpc: str = "",
        import_id: str = "",
        **values: object,
    ) -> Orphan:
        return Orphan(
            type=type_,
            id=id_,
            stack=self._stack,
            what=what,
            usd=self._costs.monthly(type_, values),
            vpc=id_ if type_ == "aws_vpc" else vpc,
            import_id=import_id or id_,
            values=values,
        )


def _attached_to(gateway: Mapping[str, Any]) -> str:
    return next((str(each["VpcId"]) for each in gateway.get("Attachments", [])), "")
