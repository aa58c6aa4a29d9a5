"""The host's VPC and subnet, and access to the worker's port."""

import re
from ipaddress import IPv4Network
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo, field_validator

from containers.worker.allora_worker import contract
from settings.checks import comma_list, matching, whole_number
from settings.errors import fault, warn
from settings.shown import shown
from settings.variable import Section, variable

PRIVATE_NETWORKS = tuple(
    IPv4Network(block)
    for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)
"""RFC 1918 and RFC 6598 (https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html)."""

DOCKER_BRIDGE = IPv4Network("172.17.0.0/16")
"""https://docs.docker.com/engine/network/#subnet-allocation"""

MAX_INGRESS_CIDRS = 60
"""AWS's default quota of inbound rules per security group
(https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html)."""


def _network(text: str) -> IPv4Network:
    """Parse an IPv4 network in CIDR notation without host bits."""
    try:
        loose = IPv4Network(text, strict=False)
    except ValueError:
        kind = "is an IPv6 network; only IPv4 is used" if ":" in text else "is not an IPv4 network"
        raise fault(f"{kind}.", "CIDR notation, as in 10.0.0.0/16") from None
    if text != str(loose):
        raise fault("is not written as a network in CIDR notation.", f"did you mean {loose}?")
    return loose


def _cidr(text: str) -> str:
    """Require a private network of a size that AWS allows for VPCs and subnets."""
    block = _network(text)
    if not 16 <= block.prefixlen <= 28:  # noqa: PLR2004 - see the message
        raise fault("is too large or too small for AWS.", "use a mask from /16 to /28")
    if not any(block.subnet_of(private) for private in PRIVATE_NETWORKS):
        blocks = ", ".join(map(str, PRIVATE_NETWORKS))
        raise fault("is not a private network.", f"use a part of {blocks}")
    return text


def _first_subnet(data: dict[str, Any]) -> str:
    """Return the first /24 of the VPC, or the whole of a smaller VPC."""
    vpc = IPv4Network(data["vpc_cidr"])
    return str(vpc if vpc.prefixlen >= 24 else next(vpc.subnets(new_prefix=24)))  # noqa: PLR2004


class NetworkSettings(Section):
    """The section "Network"."""

    vpc_id: Annotated[
        str | None,
        matching(
            r"vpc-(?:[0-9a-f]{8}|[0-9a-f]{17})",
            "is not the id of a VPC.",
            "aws ec2 describe-vpcs --query Vpcs[].VpcId",
        ),
    ] = variable(
        "AWS_VPC_ID",
        "An existing VPC to deploy to, together with `AWS_SUBNET_ID`.",
        default=None,
        default_text="a new VPC",
        example="vpc-0123456789abcdef0",
    )
    subnet_id: (
        Annotated[
            str,
            matching(
                r"subnet-(?:[0-9a-f]{8}|[0-9a-f]{17})",
                "is not the id of a subnet.",
                "aws ec2 describe-subnets --query Subnets[].SubnetId",
            ),
        ]
        | None
    ) = variable(
        "AWS_SUBNET_ID",
        "An existing public subnet of that VPC: one with a route to an internet gateway.",
        default=None,
        default_text="a new subnet",
        example="subnet-0123456789abcdef0",
        check_default=True,
    )

    @field_validator("subnet_id")
    @classmethod
    def _together_with_the_vpc(cls, subnet_id: str | None, info: ValidationInfo) -> str | None:
        vpc_id = info.data.get("vpc_id", subnet_id)
        if subnet_id and not vpc_id:
            raise fault("is set without AWS_VPC_ID.", "set both, or neither")
        if vpc_id and not subnet_id:
            raise fault("is set without AWS_SUBNET_ID.", "set both, or neither", "AWS_VPC_ID")
        return subnet_id

    vpc_cidr: Annotated[str, BeforeValidator(_cidr)] = variable(
        "AWS_VPC_CIDR",
        "The addresses of the new VPC: a private IPv4 network from /16 to /28.",
        default="10.0.0.0/16",
        example="10.20.0.0/16",
    )
    subnet_cidr: Annotated[str, BeforeValidator(_cidr)] = variable(
        "AWS_SUBNET_CIDR",
        "The addresses of the new subnet: a part of the VPC's, from /16 to /28.",
        default_factory=_first_subnet,
        default_text="the first /24 of `AWS_VPC_CIDR`",
        example="10.0.8.0/24",
    )

    @field_validator("vpc_cidr", "subnet_cidr")
    @classmethod
    def _of_a_new_vpc(cls, cidr: str, info: ValidationInfo) -> str:
        if info.data.get("vpc_id"):
            raise fault(
                "is set together with AWS_VPC_ID, which has its own addresses.", "remove it"
            )
        return cidr

    @field_validator("vpc_cidr")
    @classmethod
    def _apart_from_docker(cls, cidr: str, info: ValidationInfo) -> str:
        if IPv4Network(cidr).overlaps(DOCKER_BRIDGE):
            warn(
                info,
                f"{cidr} overlaps {DOCKER_BRIDGE}, which Docker uses on the host.",
                "take another one, as in 10.0.0.0/16",
            )
        return cidr

    @field_validator("subnet_cidr")
    @classmethod
    def _inside_the_vpc(cls, cidr: str, info: ValidationInfo) -> str:
        vpc_cidr = info.data.get("vpc_cidr", cidr)
        if not IPv4Network(cidr).subnet_of(IPv4Network(vpc_cidr)):
            raise fault(f"is not inside the VPC ({vpc_cidr}).", "change AWS_VPC_CIDR, or this one")
        return cidr

    availability_zone: str | None = variable(
        "AWS_AVAILABILITY_ZONE",
        "The availability zone of the new subnet. A change replaces the host and a data volume.",
        default=None,
        default_text="one that offers `AWS_INSTANCE_TYPE`",
        example="us-east-1b",
    )

    @field_validator("availability_zone")
    @classmethod
    def _in_the_region(cls, zone: str, info: ValidationInfo) -> str:
        if info.data.get("subnet_id"):
            raise fault("is set together with AWS_SUBNET_ID, which is in a zone.", "remove it")
        region = info.data.get("aws_region")
        if region and not re.fullmatch(f"{region}[a-z]", zone):
            raise fault(
                f"is not an availability zone of {region}.",
                f"as in {region}a (a name, not an id such as use1-az1; local zones cannot be used)",
            )
        return zone

    ingress_cidrs: tuple[str, ...] = variable(
        "ALLORA_INGRESS_CIDRS",
        "Who may reach `ALLORA_WORKER_PORT`: IPv4 networks, separated by commas, or `none`.",
        default=("0.0.0.0/0",),
        default_text="`0.0.0.0/0`",
        example="203.0.113.0/24,198.51.100.7/32",
    )

    @field_validator("ingress_cidrs", mode="before")
    @classmethod
    def _ingress_cidrs(cls, text: str) -> tuple[str, ...]:
        if text.strip().casefold() == "none":
            return ()
        blocks = comma_list(text)
        for block in blocks:
            if block.casefold() == "none":
                raise fault(
                    "has the word none among networks.", "write none alone, or networks only"
                )
            if "/" not in block:
                raise fault(
                    f"has {shown(block)}, which has no mask.", f"one address is written {block}/32"
                )
            _network(block)
        if len(blocks) > MAX_INGRESS_CIDRS:
            raise fault(
                f"has {len(blocks)} networks; a security group takes {MAX_INGRESS_CIDRS} rules.",
                "join neighbouring networks",
            )
        return blocks

    worker_port: Annotated[int, whole_number(1024, 65535)] = variable(
        "ALLORA_WORKER_PORT",
        "The TCP port of the host that leads to the worker's port "
        f"{contract.PORT}. From 1024 to 65535.",
        default=contract.PORT,
        example="9443",
    )
