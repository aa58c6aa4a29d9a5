"""Terraform's states in S3, read as they were written last. Reading takes no lock.

https://developer.hashicorp.com/terraform/internals/json-format tells that the format of a state is
Terraform's own; `outputs` and `resources` have been as they are since version 4 of it (Terraform
0.12).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shared.stacks import state_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def read_state(s3: S3Client, bucket: str, stack: str) -> dict[str, Any]:
    """A stack's state; empty when there is none."""
    try:
        answer = s3.get_object(Bucket=bucket, Key=state_key(stack))
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket):
        return {}
    state: dict[str, Any] = json.loads(answer["Body"].read())
    return state


def managed_resources(state: dict[str, Any]) -> list[dict[str, Any]]:
    """`type` and `values` of each resource of a state that is not a data source."""
    return [
        {"type": resource["type"], "values": instance["attributes"]}
        for resource in state.get("resources", [])
        if resource["mode"] == "managed"
        for instance in resource["instances"]
    ]


def hosts_in(resources: list[dict[str, Any]]) -> dict[str, str]:
    """The availability zone of each EC2 instance by its id, also of one that is to be replaced.

    The zone is empty where Terraform was interrupted before it knew it.
    """
    return {
        resource["values"]["id"]: resource["values"].get("availability_zone") or ""
        for resource in resources
        if resource["type"] == "aws_instance"
    }


def hosts_elsewhere(hosts: Mapping[str, str], region: str) -> dict[str, str]:
    """Those that are in another region.

    There the AWS provider finds none of a state's resources, and takes them for gone: they would
    run on, unknown to everybody, beside a second host with the same wallet.
    """
    return {id_: zone for id_, zone in hosts.items() if zone and not zone.startswith(region)}
