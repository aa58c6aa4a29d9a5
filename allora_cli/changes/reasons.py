"""Why a resource is changed or replaced, in terms of the settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from allora_cli.terraform.plans import ActionReason, AttributeChange, Change
from user_data.differences import changed_settings

SETTINGS: Final[Mapping[tuple[str, str], str]] = {
    ("aws_cloudwatch_log_group", "retention_in_days"): "LOG_RETENTION_DAYS",
    ("aws_ebs_volume", "availability_zone"): "AWS_AVAILABILITY_ZONE",
    ("aws_ebs_volume", "iops"): "EDGE_DATA_VOL_IOPS",
    ("aws_ebs_volume", "size"): "EDGE_DATA_VOL_SIZE",
    ("aws_ebs_volume", "throughput"): "EDGE_DATA_VOL_THROUGHPUT",
    ("aws_ebs_volume", "type"): "EDGE_DATA_VOL_TYPE",
    ("aws_instance", "ami"): "AWS_AMI_ID",
    ("aws_instance", "instance_type"): "AWS_INSTANCE_TYPE",
    ("aws_instance", "root_block_device.volume_size"): "AWS_ROOT_VOLUME_SIZE",
    ("aws_sns_topic_subscription", "endpoint"): "ALARM_EMAIL",
    ("aws_subnet", "availability_zone"): "AWS_AVAILABILITY_ZONE",
    ("aws_subnet", "cidr_block"): "AWS_SUBNET_CIDR",
    ("aws_vpc", "cidr_block"): "AWS_VPC_CIDR",
    ("aws_vpc_security_group_ingress_rule", "cidr_ipv4"): "ALLORA_INGRESS_CIDRS",
    ("aws_vpc_security_group_ingress_rule", "from_port"): "ALLORA_WORKER_PORT",
    ("aws_vpc_security_group_ingress_rule", "to_port"): "ALLORA_WORKER_PORT",
}
"""The setting behind an attribute, by the resource's type; a test holds it against the stacks."""

_ARCHITECTURE: Final = "input.architecture"
"""The attribute of the resource that triggers a new host."""


def setting_of(type_: str, attribute: str) -> str | None:
    """Return the setting behind an attribute of a resource of Terraform's type, where it is one."""
    return SETTINGS.get((type_, attribute))


def reasons_for(change: Change, changes: Iterable[Change]) -> frozenset[str]:
    """Return the settings, or else the attributes, that are why a resource is replaced.

    None: it follows from what happens to another resource.

    Args:
        change: a replacement.
        changes: all of the same plan.
    """
    return frozenset({*_own(change), *_triggered(change, changes)})


def follows_another(change: Change, attribute: AttributeChange) -> bool:
    """Return whether an attribute's new value comes from another resource, as a new id does."""
    is_unknown = attribute.name.partition(".")[0] in change.unknown
    return is_unknown and setting_of(change.type, attribute.name) is None


def _own(change: Change) -> Iterator[str]:
    for each in change.attributes:
        if each.replaces and not follows_another(change, each):
            yield setting_of(change.type, each.name) or each.name


def _triggered(change: Change, changes: Iterable[Change]) -> Iterator[str]:
    if change.reason is not ActionReason.TRIGGERED:
        return
    for other in changes:
        if any(each.name == _ARCHITECTURE for each in other.attributes):
            yield "AWS_INSTANCE_TYPE"
    before, after = (side.get("user_data_base64") for side in (change.before, change.after))
    if before and after:
        yield from changed_settings(before, after)
