"""Find an instance, and start it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import InstanceTypeDef


def find_instance(ec2: EC2Client, instance_id: str) -> InstanceTypeDef | None:
    """Return an instance, or None: EC2 forgets a terminated one after about an hour."""
    # By a filter: an id that EC2 does not know would be an error.
    found = ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": [instance_id]}])
    return next((each["Instances"][0] for each in found["Reservations"]), None)


def start_command(instance_id: str, region: str) -> str:
    """Return the command that starts a stopped instance."""
    return f"aws ec2 start-instances --instance-ids {instance_id} --region {region}"
