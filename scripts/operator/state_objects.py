"""What lies in the state bucket: Terraform's states, their locks, and the build contexts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from scripts.operator.deployment import STACKS
from scripts.operator.office import Office
from scripts.operator.trouble import OperatorError, Trouble

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def managed_resources(office: Office, stack: str) -> list[dict[str, Any]]:
    """What a stack's state has: `type` and `values` of each resource that is not a data source.

    https://developer.hashicorp.com/terraform/internals/json-format tells that the format of a state
    is Terraform's own; these members have been as they are since version 4 of it (Terraform 0.12).
    """
    s3 = _s3(office)
    try:
        answer = s3.get_object(Bucket=office.settings.state_bucket, Key=state_key(stack))
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket):
        return []
    state = json.loads(answer["Body"].read())
    return [
        {"type": resource["type"], "values": instance["attributes"]}
        for resource in state["resources"]
        if resource["mode"] == "managed"
        for instance in resource["instances"]
    ]


def need_region(office: Office, resources: Iterable[dict[str, Any]]) -> None:
    """Makes sure that a state's host is in the region that the settings name.

    In another region the AWS provider finds none of a state's resources, and takes them for gone:
    they would run on, unknown to everybody, beside a second host with the same wallet.

    Raises:
        OperatorError: it is in another one.
    """
    settings = office.settings
    for resource in resources:
        zone = resource["values"].get("availability_zone") or ""
        if resource["type"] == "aws_instance" and not zone.startswith(settings.aws_region):
            raise OperatorError(
                Trouble.OTHER_REGION,
                f"AWS_REGION is {settings.aws_region}, but the host {resource['values']['id']} in "
                f"Terraform's state ({settings.state_bucket}) is in {zone}. Nothing was changed. "
                "Set AWS_REGION back; to move, first: pipenv run allora destroy",
            )


def state_key(stack: str) -> str:
    """The key of a stack's state."""
    return f"{stack}/terraform.tfstate"


def held_locks(office: Office) -> list[str]:
    """The stacks whose state somebody has locked."""
    locks = {f"{state_key(stack)}.tflock": stack for stack in STACKS}
    return [locks[key] for key in _current_keys(office) if key in locks]


def foreign_keys(office: Office) -> list[str] | None:
    """Keys in the bucket that are not this project's; None when there is no bucket."""
    s3 = _s3(office)
    ours = tuple(
        [state_key(stack) for stack in STACKS] + [f"{office.names.build_contexts_prefix}/"]
    )
    try:
        keys = {key for key, _ in _versions(s3, office.settings.state_bucket)}
    except s3.exceptions.NoSuchBucket:
        return None
    return sorted(key for key in keys if not key.startswith(ours))


def delete_bucket(office: Office) -> None:
    """Deletes the bucket with every version of all that is in it.

    Raises:
        OperatorError: something cannot be deleted.
    """
    s3, bucket = _s3(office), office.settings.state_bucket
    owner = office.settings.aws_account_id
    for batch in _batches(s3, bucket):
        answer = s3.delete_objects(
            Bucket=bucket,
            Delete={
                "Objects": [{"Key": key, "VersionId": version} for key, version in batch],
                "Quiet": True,
            },
            ExpectedBucketOwner=owner,
        )
        if errors := answer.get("Errors"):
            raise OperatorError(
                Trouble.BUCKET,
                f"{errors[0].get('Key')} in the bucket {bucket} could not be deleted: "
                f"{errors[0].get('Message')}. Run the same command again: it goes on from here.",
            )
    s3.delete_bucket(Bucket=bucket, ExpectedBucketOwner=owner)


def _batches(s3: S3Client, bucket: str) -> Iterator[list[tuple[str, str]]]:
    """All versions, as many at once as S3 deletes at once: the pages of a list have as many."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if entries:
            yield [(entry["Key"], entry["VersionId"]) for entry in entries]


def _versions(s3: S3Client, bucket: str) -> Iterator[tuple[str, str]]:
    for batch in _batches(s3, bucket):
        yield from batch


def _current_keys(office: Office) -> Iterator[str]:
    pages = _s3(office).get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=office.settings.state_bucket):
        yield from (entry["Key"] for entry in page.get("Contents", []))


def _s3(office: Office) -> S3Client:
    return office.session.client("s3", region_name=office.settings.state_region)
