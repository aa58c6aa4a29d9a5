"""What people call the resources of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from allora_cli.terraform.plans import Change


class Kind(StrEnum):
    """A part of a deployment, in the order of the screen."""

    STATE_BUCKET = "state-bucket"
    INSTANCE = "instance"
    ADDRESS = "address"
    DATA_VOLUME = "data-volume"
    NETWORK = "network"
    SECURITY_GROUP = "security-group"
    ROLE = "role"
    ARCHIVE = "archive"
    LOG_GROUP = "log-group"
    DASHBOARD = "dashboard"
    ALARM = "alarm"
    ALARM_TOPIC = "alarm-topic"
    EMAIL = "email"
    CLUSTER = "cluster"
    FLEET = "fleet"
    """What all tasks of a fleet need to start."""
    CONNECTION = "connection"
    """Joins two others, and has no life of its own."""
    OTHER = "other"


_KINDS: Final[Mapping[str, Kind]] = {
    "aws_instance": Kind.INSTANCE,
    "aws_eip": Kind.ADDRESS,
    "aws_eip_association": Kind.CONNECTION,
    "aws_ebs_volume": Kind.DATA_VOLUME,
    "aws_volume_attachment": Kind.CONNECTION,
    "aws_vpc": Kind.NETWORK,
    "aws_subnet": Kind.NETWORK,
    "aws_internet_gateway": Kind.NETWORK,
    "aws_route_table": Kind.NETWORK,
    "aws_route": Kind.NETWORK,
    "aws_route_table_association": Kind.NETWORK,
    "aws_default_security_group": Kind.NETWORK,
    "aws_security_group": Kind.SECURITY_GROUP,
    "aws_vpc_security_group_egress_rule": Kind.SECURITY_GROUP,
    "aws_vpc_security_group_ingress_rule": Kind.SECURITY_GROUP,
    "aws_iam_instance_profile": Kind.ROLE,
    "aws_iam_role": Kind.ROLE,
    "aws_iam_role_policy": Kind.ROLE,
    "aws_s3_object": Kind.ARCHIVE,
    "aws_cloudwatch_log_group": Kind.LOG_GROUP,
    "aws_cloudwatch_dashboard": Kind.DASHBOARD,
    "aws_cloudwatch_metric_alarm": Kind.ALARM,
    "aws_sns_topic": Kind.ALARM_TOPIC,
    "aws_sns_topic_policy": Kind.ALARM_TOPIC,
    "aws_sns_topic_subscription": Kind.EMAIL,
    "aws_ecs_cluster": Kind.CLUSTER,
    "aws_ecs_cluster_capacity_providers": Kind.CLUSTER,
    "aws_ecr_repository": Kind.FLEET,
    "aws_ecr_lifecycle_policy": Kind.FLEET,
    "aws_codebuild_project": Kind.FLEET,
    "aws_iam_policy": Kind.FLEET,
    "aws_iam_role_policy_attachment": Kind.FLEET,
}
"""By Terraform's type; a test holds it against the stacks."""

NOT_IN_AWS: Final = frozenset({"terraform_data"})
"""Types that only Terraform knows."""

_NAMES: Final[Mapping[Kind, str]] = {
    Kind.INSTANCE: "id",
    Kind.ADDRESS: "public_ip",
    Kind.DATA_VOLUME: "id",
    Kind.EMAIL: "endpoint",
}
"""The attribute that people know a resource by."""


def kind_of(type_: str) -> Kind:
    """Return the kind of a resource of Terraform's type."""
    return _KINDS.get(type_, Kind.OTHER)


_OF_A_FLEET: Final = "fleet-"
"""How the names of a fleet's resources in `allora-common` begin in their addresses."""


def kind_in(change: Change) -> Kind:
    """Return the kind of the resource of a change."""
    kind = kind_of(change.type)
    name = change.address.partition(".")[2]
    return Kind.FLEET if kind is Kind.ROLE and name.startswith(_OF_A_FLEET) else kind


def name_in(kind: Kind, values: Mapping[str, Any]) -> str:
    """Return what people know a resource by; "" if nothing, or not yet."""
    return str(values.get(_NAMES.get(kind, ""), "") or "")


def size_of(change: Change) -> str:
    """Return what decides the cost of a new resource, such as its type; "" if nothing does."""
    values = change.after
    match kind_of(change.type):
        case Kind.INSTANCE:
            return str(values.get("instance_type", ""))
        case Kind.DATA_VOLUME:
            return f"{values['type']}, {values['size']} GiB"
        case Kind.EMAIL:
            return str(values.get("endpoint", ""))
        case _:
            return ""
