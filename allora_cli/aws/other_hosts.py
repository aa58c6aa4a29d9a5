"""Find the hosts of workers, by the tags that the stacks give them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

_MIGHT_SIGN = ["pending", "running", "stopping", "stopped"]
"""States of instances that run, or may run again."""


def find_other_hosts(ec2: EC2Client, worker_name: str, known: Collection[str]) -> list[str]:
    """Return the ids of a worker's unknown instances in this account and region.

    Two hosts of one worker name have one wallet, and break each other's transactions (ADR 17).
    """
    hosts = find_hosts(ec2, worker_name)
    return [id_ for id_ in hosts if id_ not in known]


def find_hosts(ec2: EC2Client, worker_name: str = "*") -> dict[str, str]:
    """Return the worker's name of each host in this account and region, by instance id."""
    pages = ec2.get_paginator("describe_instances").paginate(
        Filters=[
            {"Name": "tag:Worker", "Values": [worker_name]},
            {"Name": "tag:ManagedBy", "Values": ["cdktf"]},
            {"Name": "instance-state-name", "Values": _MIGHT_SIGN},
        ]
    )
    return {
        instance["InstanceId"]: tag["Value"]
        for instance in pages.search("Reservations[].Instances[]")
        for tag in instance["Tags"]
        if tag["Key"] == "Worker"
    }
