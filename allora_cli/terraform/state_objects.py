"""What lies in the state bucket: Terraform's states, their locks, and the host's archives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from allora_cli.context import Context
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.terraform.ownership import require_own_state
from allora_cli.terraform.state import hosts_elsewhere, managed_resources, read_state
from shared.stacks import ALL_STACKS, FLEET_CONTEXTS_PREFIX, state_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def state_of(context: Context, stack: str) -> dict[str, Any]:
    """A stack's state; empty when there is none.

    Raises:
        OperatorError: it is damaged, of a newer Terraform, another's, or was deleted.
    """
    state = read_state(_s3(context), context.settings.state_bucket, stack)
    require_own_state(context.settings, stack, state)
    return state


def resources_of(context: Context, stack: str) -> list[dict[str, Any]]:
    """`type` and `values` of each resource that a stack's state has, but for data sources."""
    return managed_resources(state_of(context, stack))


def require_region(context: Context, hosts: Mapping[str, str]) -> None:
    """Makes sure that a state's host is in the region that the settings name.

    Raises:
        OperatorError: it is in another one.
    """
    settings = context.settings
    for id_, zone in hosts_elsewhere(hosts, settings.aws_region).items():
        raise OperatorError(
            ErrorCode.OTHER_REGION,
            f"AWS_REGION is {settings.aws_region}, but the host {id_} in Terraform's state "
            f"({settings.state_bucket}) is in {zone}. Nothing was changed. "
            "Set AWS_REGION back; to move, first: allora destroy",
        )


def foreign_keys(context: Context) -> list[str] | None:
    """Keys in the bucket that are not this project's; None when there is no bucket."""
    s3 = _s3(context)
    folders = (context.names.archive_prefix, FLEET_CONTEXTS_PREFIX)
    ours = (*map(state_key, ALL_STACKS), *(f"{folder}/" for folder in folders))
    try:
        keys = {key for key, _ in _versions(s3, context.settings.state_bucket)}
    except s3.exceptions.NoSuchBucket:
        return None
    return sorted(key for key in keys if not key.startswith(ours))


def delete_bucket(context: Context) -> None:
    """Deletes the bucket with every version of all that is in it.

    Raises:
        OperatorError: something cannot be deleted.
    """
    s3, bucket = _s3(context), context.settings.state_bucket
    owner = context.settings.aws_account_id
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
                ErrorCode.BUCKET,
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


def _s3(context: Context) -> S3Client:
    return context.session.client("s3", region_name=context.settings.state_region)
