"""What lies in the state bucket: Terraform's states, their locks, and the build contexts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from allora_cli.context import Office
from allora_cli.errors import OperatorError, Trouble
from allora_cli.terraform.state import (
    hosts_elsewhere,
    managed_resources,
    read_state,
)
from shared.stacks import STACKS, lock_key, state_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def state_of(office: Office, stack: str) -> dict[str, Any]:
    """A stack's state; empty when there is none."""
    return read_state(_s3(office), office.settings.state_bucket, stack)


def resources_of(office: Office, stack: str) -> list[dict[str, Any]]:
    """`type` and `values` of each resource that a stack's state has, but for data sources."""
    return managed_resources(state_of(office, stack))


def need_region(office: Office, hosts: Mapping[str, str]) -> None:
    """Makes sure that a state's host is in the region that the settings name.

    Raises:
        OperatorError: it is in another one.
    """
    settings = office.settings
    for id_, zone in hosts_elsewhere(hosts, settings.aws_region).items():
        raise OperatorError(
            Trouble.OTHER_REGION,
            f"AWS_REGION is {settings.aws_region}, but the host {id_} in Terraform's state "
            f"({settings.state_bucket}) is in {zone}. Nothing was changed. "
            "Set AWS_REGION back; to move, first: pipenv run allora destroy",
        )


def held_locks(office: Office) -> list[str]:
    """The stacks whose state somebody has locked."""
    locks = {lock_key(stack): stack for stack in STACKS}
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
