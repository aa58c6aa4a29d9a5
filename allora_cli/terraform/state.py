"""Terraform's states in S3, read as they were written last. Reading takes no lock.

https://developer.hashicorp.com/terraform/internals/json-format tells that the format of a state is
Terraform's own; `outputs` and `resources` have been as they are since version 4 of it (Terraform
0.12).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from allora_cli.errors import ErrorCode, OperatorError
from shared.stacks import state_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FORMAT: Final = 4
"""The format of a state of Terraform 0.12 and newer.

https://github.com/hashicorp/terraform/blob/v1.11.4/internal/states/statefile/version4.go
"""


def read_state(s3: S3Client, bucket: str, stack: str) -> dict[str, Any]:
    """Return a stack's state; empty when there is none.

    Raises:
        OperatorError: it is damaged, of a newer Terraform, or was deleted with resources in it.
    """
    key = state_key(stack)
    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
    except s3.exceptions.NoSuchBucket:
        return {}
    except s3.exceptions.NoSuchKey:
        _require_never_there(s3, bucket, stack)
        return {}
    return parse_state(answer["Body"].read(), stack=stack, where=f"s3://{bucket}/{key}")


def parse_state(body: bytes, *, stack: str, where: str) -> dict[str, Any]:
    """Return the state in an object's content.

    Args:
        body: the content.
        stack: whose state it is to be.
        where: the object, for the error.

    Raises:
        OperatorError: it is none, or one of a newer Terraform.
    """
    if not body.strip():
        # Terraform would take it for a new deployment.
        raise _damaged(stack, where, "is empty")
    try:
        state: Any = json.loads(body)
    except ValueError:
        raise _damaged(stack, where, "is not JSON, or only the beginning of it") from None
    version = state.get("version") if isinstance(state, dict) else None
    if isinstance(version, int) and version > FORMAT:
        raise OperatorError(
            ErrorCode.STATE_NEWER,
            f"The state of {stack} ({where}) was written by Terraform "
            f"{state.get('terraform_version') or 'of a later version'}, in the format {version}, "
            f"which this project's Terraform cannot read. Nothing was changed. Use the newer "
            f"Terraform, or bring back the version before: allora state restore {stack}",
        )
    if version != FORMAT or not _has_the_form(state):
        raise _damaged(stack, where, "is JSON, but no state of Terraform's")
    return dict(state)


def _has_the_form(state: Mapping[str, Any]) -> bool:
    outputs, resources = state.get("outputs", {}), state.get("resources", [])
    return (
        isinstance(state.get("serial", 0), int)
        and isinstance(outputs, dict)
        and all(isinstance(each, dict) and "value" in each for each in outputs.values())
        and isinstance(resources, list)
        and all(
            isinstance(each, dict)
            and {"mode", "type"} <= each.keys()
            and isinstance(each.get("instances"), list)
            and all(
                isinstance(instance, dict) and isinstance(instance.get("attributes") or {}, dict)
                for instance in each["instances"]
            )
            for each in resources
        )
    )


def _damaged(stack: str, where: str, what: str) -> OperatorError:
    return OperatorError(
        ErrorCode.STATE_DAMAGED,
        f"The state of {stack} is damaged: {where} {what}. Nothing was changed. "
        f"Bring back its last good version: allora state restore {stack}",
    )


def _require_never_there(s3: S3Client, bucket: str, stack: str) -> None:
    """Make sure that a state that is not there was not deleted while it had resources.

    Raises:
        OperatorError: it was.
    """
    key = state_key(stack)
    listed = s3.list_object_versions(Bucket=bucket, Prefix=key).get("Versions", [])
    last = next((each for each in listed if each["Key"] == key), None)
    if last is None:
        return
    answer = s3.get_object(Bucket=bucket, Key=key, VersionId=last["VersionId"])
    state = parse_state(answer["Body"].read(), stack=stack, where=f"s3://{bucket}/{key}, deleted,")
    if count := len(managed_resources(state)):
        raise OperatorError(
            ErrorCode.STATE_DELETED,
            f"The state of {stack} was deleted: the last version of s3://{bucket}/{key} has "
            f"{count} resources, which may still run and cost money. Nothing was changed. "
            f"Bring it back: allora state restore {stack}",
        )


def managed_resources(state: dict[str, Any]) -> list[dict[str, Any]]:
    """`type` and `values` of each resource of a state that is not a data source."""
    return [
        {"type": resource["type"], "values": instance.get("attributes") or {}}
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
        if resource["type"] == "aws_instance" and "id" in resource["values"]
    }


def hosts_elsewhere(hosts: Mapping[str, str], region: str) -> dict[str, str]:
    """Those that are in another region.

    There the AWS provider finds none of a state's resources, and takes them for gone: they would
    run on, unknown to everybody, beside a second host with the same wallet.
    """
    return {id_: zone for id_, zone in hosts.items() if zone and not zone.startswith(region)}
