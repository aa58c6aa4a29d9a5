"""Checks of Terraform's state: its bucket and its locks."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from allora_cli.doctor.check_context import QUICK, CheckContext
from allora_cli.doctor.findings import Finding, fail, ok, unknown, warning
from allora_cli.terraform.state import hosts_in, managed_resources, read_state
from allora_cli.terraform.state_bucket import unless
from shared.stacks import STACKS, lock_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_BOOTSTRAP = "allora bootstrap"


def check_bucket(context: CheckContext) -> Finding:
    """Check that the bucket exists, is the account's own, and is as `allora bootstrap` makes it."""
    settings, s3 = context.settings, _s3(context)
    bucket = settings.state_bucket
    here = {"Bucket": bucket, "ExpectedBucketOwner": settings.aws_account_id}
    try:
        s3.head_bucket(**here)
    except ClientError as error:
        return _not_usable(bucket, error)
    region = s3.get_bucket_location(**here).get("LocationConstraint") or "us-east-1"
    if region != settings.state_region:
        return fail(f"{bucket} is in {region}", f"TF_STATE_REGION={region}")
    missing = [what for what, is_so in _PROPERTIES.items() if not is_so(s3, here)]
    if missing:
        return warning(f"{bucket} is not {', '.join(missing)}", _BOOTSTRAP, missing=missing)
    return ok(f"{bucket}: {', '.join(_PROPERTIES)}")


def check_lock(context: CheckContext) -> Finding:
    """Check that no run, be it a killed one, holds a lock: an object that Terraform writes."""
    s3 = _s3(context)
    locks = {}
    for stack in STACKS:
        try:
            answer = s3.get_object(Bucket=context.settings.state_bucket, Key=lock_key(stack))
        except s3.exceptions.NoSuchKey:
            continue
        except s3.exceptions.NoSuchBucket:
            return ok("no state, so no run is under way")
        locks[stack] = _lock(answer["Body"].read())
    if not locks:
        return ok("no run is under way")
    stack, lock = next(iter(locks.items()))
    operation = str(lock.get("Operation", "")).removeprefix("OperationType") or "Terraform"
    return fail(
        f"{stack}: {lock.get('Who') or 'an unknown user'} runs {operation.lower()} since "
        f"{_minute(lock.get('Created'))}",
        "wait for it; if it was killed: docs/state.md#release-a-stale-lock",
        locks=locks,
    )


def known_hosts(context: CheckContext) -> dict[str, str]:
    """Return the zone of each instance in the state of `allora-single-node`, by instance id."""
    state = read_state(_s3(context), context.settings.state_bucket, STACKS[-1])
    return hosts_in(managed_resources(state))


def _s3(context: CheckContext) -> S3Client:
    region = context.settings.state_region
    return context.client(lambda session: session.client("s3", region_name=region, config=QUICK))


def _not_usable(bucket: str, error: ClientError) -> Finding:
    # The answer to a HEAD request has no body, only a status.
    match error.response["ResponseMetadata"]["HTTPStatusCode"]:
        case HTTPStatus.NOT_FOUND:
            return warning(
                f"{bucket} does not exist yet",
                f"allora deploy creates it; to use cdktf alone: {_BOOTSTRAP}",
                exists=False,
            )
        case HTTPStatus.FORBIDDEN:
            return fail(
                f"{bucket} belongs to another account, or you may not see it",
                "another name in TF_STATE_BUCKET, or the permission s3:ListBucket",
            )
        case HTTPStatus.MOVED_PERMANENTLY | HTTPStatus.BAD_REQUEST:
            return fail(f"{bucket} is in another region", "set TF_STATE_REGION to its region")
        case _:
            return unknown(str(error))


def _is_versioned(s3: S3Client, here: dict[str, Any]) -> bool:
    return s3.get_bucket_versioning(**here).get("Status") == "Enabled"


def _is_encrypted(s3: S3Client, here: dict[str, Any]) -> bool:
    missing = "ServerSideEncryptionConfigurationNotFoundError"
    return unless(missing, lambda: s3.get_bucket_encryption(**here)) is not None


def _is_private(s3: S3Client, here: dict[str, Any]) -> bool:
    missing = "NoSuchPublicAccessBlockConfiguration"
    answer = unless(missing, lambda: s3.get_public_access_block(**here))
    return answer is not None and all(answer["PublicAccessBlockConfiguration"].values())


def _is_tls_only(s3: S3Client, here: dict[str, Any]) -> bool:
    answer = unless("NoSuchBucketPolicy", lambda: s3.get_bucket_policy(**here))
    return answer is not None and any(
        statement["Effect"] == "Deny"
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        for statement in json.loads(answer["Policy"])["Statement"]
    )


_PROPERTIES: dict[str, Callable[[S3Client, dict[str, Any]], bool]] = {
    "versioned": _is_versioned,
    "encrypted": _is_encrypted,
    "private": _is_private,
    "TLS only": _is_tls_only,
}


def _lock(body: bytes) -> dict[str, Any]:
    try:
        lock = json.loads(body)
    except ValueError:
        return {}
    return lock if isinstance(lock, dict) else {}


def _minute(created: object) -> str:
    """Return a time without the nanoseconds that Terraform writes."""
    return f"{str(created)[:16].replace('T', ' ')} UTC" if created else "an unknown time"
