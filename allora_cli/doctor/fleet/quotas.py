"""Checks of what an account and a network have room for."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Final

from allora_cli.doctor.check_context import CheckContext, require
from allora_cli.doctor.findings import Finding, Verdict, fail, ok
from allora_cli.doctor.quotas import VPCS, judge
from settings.fleet import Capacity
from shared.stacks import FLEET

_VCPUS: Final = {Capacity.ON_DEMAND: "L-3032A538", Capacity.SPOT: "L-36FBB829"}
"""Codes of the quotas of running vCPUs
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html)."""

_NAMES: Final = {Capacity.ON_DEMAND: "on demand", Capacity.SPOT: "Spot"}
_GRAVITY: Final = (Verdict.OK, Verdict.UNKNOWN, Verdict.FAIL)

_OF_AWS: Final = 5
"""Addresses of each subnet (https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html)."""


def check_fleet_vcpus(context: CheckContext) -> Finding:
    """Check that the account may run the vCPUs of all workers; other tasks are not counted."""
    needed = dict.fromkeys(Capacity, 0.0)
    for worker in require(context.fleet).running:
        needed[worker.options.capacity] += worker.options.size.cpu / 1024
    found = {
        capacity: judge(context, "fargate", _VCPUS[capacity], used=0, needed=vcpus)
        for capacity, vcpus in needed.items()
        if vcpus
    }
    if not found:
        return ok("none needed: all workers are paused")
    worst = max(found.values(), key=lambda finding: _GRAVITY.index(finding.verdict))
    return Finding(
        worst.verdict,
        "; ".join(f"{_NAMES[capacity]}: {each.detail}" for capacity, each in found.items()),
        "\n".join(each.remedy for each in found.values() if each.remedy),
        {capacity: dict(each.facts) for capacity, each in found.items()},
    )


def check_fleet_subnet(context: CheckContext) -> Finding:
    """Check that the subnet has an address for each worker."""
    settings, needed = context.settings, len(require(context.fleet).running)
    if settings.subnet_id:
        (subnet,) = context.ec2.describe_subnets(SubnetIds=[settings.subnet_id])["Subnets"]
        free = subnet["AvailableIpAddressCount"] + _own_addresses(context, settings.subnet_id)
        where, remedy = settings.subnet_id, "a larger subnet: AWS_SUBNET_ID"
    else:
        free = ip_network(settings.subnet_cidr).num_addresses - _OF_AWS
        where, remedy = settings.subnet_cidr, "a larger network: AWS_SUBNET_CIDR"
    found = f"{needed} needed, {free} in {where}"
    facts = {"needed": needed, "free": free}
    return ok(found, **facts) if needed <= free else fail(found, remedy, **facts)


def check_fleet_vpc(context: CheckContext) -> Finding:
    """Check that there is room for the fleet's VPC, unless an existing one is used."""
    settings = context.settings
    if settings.vpc_id:
        return ok(f"none needed: AWS_VPC_ID is {settings.vpc_id}")
    vpcs = list(context.ec2.get_paginator("describe_vpcs").paginate().search("Vpcs[]"))
    ours = {("Project", settings.name_prefix), ("Stack", FLEET)}
    if any(ours <= {(tag["Key"], tag["Value"]) for tag in vpc.get("Tags", [])} for vpc in vpcs):
        return ok("the deployed one is kept")
    return judge(context, "vpc", VPCS, used=len(vpcs), needed=1)


def _own_addresses(context: CheckContext, subnet_id: str) -> int:
    """Return the number of addresses that the deployed workers have."""
    pages = context.ec2.get_paginator("describe_network_interfaces").paginate(
        Filters=[{"Name": "subnet-id", "Values": [subnet_id]}]
    )
    return sum(
        any(group["GroupName"] == context.fleet_names.fleet for group in interface["Groups"])
        for interface in pages.search("NetworkInterfaces[]")
    )
