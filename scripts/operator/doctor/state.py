"""Terraform's state: its bucket, and who is working with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from scripts.operator.deployment import STACKS
from scripts.operator.doctor.case import QUICK, Case
from scripts.operator.doctor.findings import Finding, fail, ok, skipped, unknown, warning

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_BOOTSTRAP = "pipenv run allora bootstrap"


def look_at_bucket(case: Case) -> Finding:
    """Whether the bucket is there, the account's own, and as `allora bootstrap` makes it."""
    settings, s3 = case.settings, _s3(case)
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


def look_at_lock(case: Case) -> Finding:
    """Whether somebody, or what is left of a killed run, holds a state.

    The lock is an object beside the state, whose content Terraform writes.
    https://developer.hashicorp.com/terraform/language/backend/s3#state-locking
    """
    s3 = _s3(case)
    locks = {}
    for stack in STACKS:
        key = f"{stack}/terraform.tfstate.tflock"
        try:
            body = s3.get_object(Bucket=case.settings.state_bucket, Key=key)["Body"].read()
        except s3.exceptions.NoSuchKey:
            continue
        except s3.exceptions.NoSuchBucket:
            return skipped("needs: Bucket")
        locks[stack] = _lock(body)
    if not locks:
        return ok("nobody is at work")
    stack, lock = next(iter(locks.items()))
    operation = str(lock.get("Operation", "")).removeprefix("OperationType") or "something"
    return fail(
        f"{stack}: {lock.get('Who') or 'somebody'} runs {operation.lower()} since "
        f"{_minute(lock.get('Created'))}",
        "wait for it; if it was killed: docs/state.md#release-a-stale-lock",
        locks=locks,
    )


def read_state(case: Case) -> dict[str, Any]:
    """The state of `allora-single-node` as Terraform wrote it last; empty when there is none."""
    s3 = _s3(case)
    key = f"{STACKS[-1]}/terraform.tfstate"
    try:
        answer = s3.get_object(Bucket=case.settings.state_bucket, Key=key)
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket):
        return {}
    state: dict[str, Any] = json.loads(answer["Body"].read())
    return state


def _s3(case: Case) -> S3Client:
    region = case.settings.state_region
    return case.client(lambda session: session.client("s3", region_name=region, config=QUICK))


def _not_usable(bucket: str, error: ClientError) -> Finding:
    # A HEAD request is answered without a body: the status is all that there is.
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    match status:
        case HTTPStatus.NOT_FOUND:
            return fail(f"{bucket} does not exist", _BOOTSTRAP)
        case HTTPStatus.FORBIDDEN:
            return fail(
                f"{bucket} is another account's, or you may not see it",
                "another name in TF_STATE_BUCKET, or the permission s3:ListBucket",
            )
        case HTTPStatus.MOVED_PERMANENTLY | HTTPStatus.BAD_REQUEST:
            return fail(f"{bucket} is in another region", "set TF_STATE_REGION to its region")
        case _:
            return unknown(str(error))


def _is_versioned(s3: S3Client, here: dict[str, Any]) -> bool:
    return s3.get_bucket_versioning(**here).get("Status") == "Enabled"


def _is_encrypted(s3: S3Client, here: dict[str, Any]) -> bool:
    return _there(
        "ServerSideEncryptionConfigurationNotFoundError",
        lambda: bool(s3.get_bucket_encryption(**here)["ServerSideEncryptionConfiguration"]),
    )


def _is_private(s3: S3Client, here: dict[str, Any]) -> bool:
    return _there(
        "NoSuchPublicAccessBlockConfiguration",
        lambda: all(s3.get_public_access_block(**here)["PublicAccessBlockConfiguration"].values()),
    )


def _is_tls_only(s3: S3Client, here: dict[str, Any]) -> bool:
    def denies_the_rest() -> bool:
        statements = json.loads(s3.get_bucket_policy(**here)["Policy"])["Statement"]
        return any(
            statement["Effect"] == "Deny"
            and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
            for statement in statements
        )

    return _there("NoSuchBucketPolicy", denies_the_rest)


_PROPERTIES: dict[str, Callable[[S3Client, dict[str, Any]], bool]] = {
    "versioned": _is_versioned,
    "encrypted": _is_encrypted,
    "private": _is_private,
    "TLS only": _is_tls_only,
}


def _there(code: str, read: Callable[[], bool]) -> bool:
    """What `read` returns, or False where AWS answers that there is no such configuration."""
    try:
        return read()
    except ClientError as error:
        if error.response["Error"]["Code"] == code:
            return False
        raise


def _lock(body: bytes) -> dict[str, Any]:
    try:
        lock = json.loads(body)
    except ValueError:
        return {}
    return lock if isinstance(lock, dict) else {}


def _minute(created: object) -> str:
    """Terraform writes nanoseconds, which nobody wants to read."""
    return f"{str(created)[:16].replace('T', ' ')} UTC" if created else "an unknown time"
