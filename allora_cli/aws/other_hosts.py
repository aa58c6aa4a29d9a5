"""Hosts that have a worker's wallet, and that Terraform does not know."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

_MIGHT_SIGN = ["pending", "running", "stopping", "stopped"]
"""Also one that is stopped: somebody may start it again."""


def find_other_hosts(ec2: EC2Client, worker_name: str, known: Collection[str]) -> list[str]:
    """The ids of a worker's instances in this account and region, but for those that are known.

    Two hosts of one worker name have one wallet, and spoil each other's transactions (ADR 17).
    """
    pages = ec2.get_paginator("describe_instances").paginate(
        Filters=[
            {"Name": "tag:Worker", "Values": [worker_name]},
            {"Name": "tag:ManagedBy", "Values": ["cdktf"]},
            {"Name": "instance-state-name", "Values": _MIGHT_SIGN},
        ]
    )
    found = [
        instance["InstanceId"]
        for page in pages
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
    ]
    return [id_ for id_ in found if id_ not in known]
