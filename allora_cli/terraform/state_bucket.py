"""The S3 bucket that holds Terraform's state: made once, checked and mended at every run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar, cast

from botocore.exceptions import ClientError

from allora_cli.errors import ErrorCode, OperatorError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import LifecycleRuleUnionTypeDef

_T = TypeVar("_T")

_EXPIRE_RULE = "expire-old-state"
_KEPT_DAYS = 90
_KEPT_VERSIONS = 20
_TLS_STATEMENT = "TlsOnly"


def ensure_state_bucket(
    s3: S3Client, *, bucket: str, region: str, account_id: str, partition: str
) -> Iterator[str]:
    """Makes the bucket, or brings the one that is there to the same settings.

    Versioned (each state can be brought back), encrypted, closed to the public, TLS only, and old
    versions expire. What else somebody has set on the bucket is left alone.

    Args:
        s3: a client for the bucket's region.
        bucket: the bucket's name.
        region: where it is, or is to be.
        account_id: who must own it.
        partition: of its ARN.

    Yields:
        A line about each property, as soon as it holds.

    Raises:
        OperatorError: the bucket is somebody else's, or in another region.
    """
    yield _ensure_bucket(s3, bucket, region, account_id)
    here: dict[str, Any] = {"Bucket": bucket, "ExpectedBucketOwner": account_id}
    yield _ensure_public_access_block(s3, here)
    yield _ensure_versioning(s3, here)
    yield _ensure_encryption(s3, here)
    yield _ensure_tls_only(s3, here, f"arn:{partition}:s3:::{bucket}")
    yield _ensure_expiry(s3, here)


def _ensure_bucket(s3: S3Client, bucket: str, region: str, account_id: str) -> str:
    try:
        s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account_id)
    except ClientError as error:
        # A HEAD request is answered without a body: the status is all that there is.
        status = HTTPStatus(error.response["ResponseMetadata"]["HTTPStatusCode"])
        if status in {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.BAD_REQUEST}:
            raise _in_another_region(bucket, region) from error
        if status == HTTPStatus.FORBIDDEN:
            raise _somebody_elses(bucket) from error
        if status != HTTPStatus.NOT_FOUND:
            raise
    else:
        actual = s3.get_bucket_location(Bucket=bucket).get("LocationConstraint") or "us-east-1"
        if actual != region:
            raise _in_another_region(bucket, region, actual)
        return "exists, and is this account's"
    try:
        if region == "us-east-1":  # the one region that must not be named
            s3.create_bucket(Bucket=bucket)
        else:
            s3.create_bucket(
                Bucket=bucket,
                CreateBucketConfiguration=cast("Any", {"LocationConstraint": region}),
            )
    except s3.exceptions.BucketAlreadyExists as error:
        raise _somebody_elses(bucket) from error
    s3.get_waiter("bucket_exists").wait(Bucket=bucket)
    return "created"


def _somebody_elses(bucket: str) -> OperatorError:
    return OperatorError(
        ErrorCode.BUCKET,
        f"TF_STATE_BUCKET: the bucket {bucket} belongs to another AWS account, or you may not see "
        "it. Nothing was changed. Bucket names are shared by all accounts: choose another name in "
        "TF_STATE_BUCKET.",
    )


def _in_another_region(bucket: str, region: str, actual: str | None = None) -> OperatorError:
    where = f"is in {actual}" if actual else "is in another region"
    return OperatorError(
        ErrorCode.BUCKET,
        f"TF_STATE_REGION: the bucket {bucket} {where}, not in {region}. Nothing was changed. "
        f"Set TF_STATE_REGION{f'={actual}' if actual else ' to its region'}, or choose another "
        "name in TF_STATE_BUCKET.",
    )


def _ensure_public_access_block(s3: S3Client, here: dict[str, Any]) -> str:
    wanted = {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }
    present = unless(
        "NoSuchPublicAccessBlockConfiguration",
        lambda: s3.get_public_access_block(**here)["PublicAccessBlockConfiguration"],
    )
    if present == wanted:
        return "public access is blocked"
    s3.put_public_access_block(**here, PublicAccessBlockConfiguration=cast("Any", wanted))
    return "public access is now blocked"


def _ensure_versioning(s3: S3Client, here: dict[str, Any]) -> str:
    if s3.get_bucket_versioning(**here).get("Status") == "Enabled":
        return "every version of a state is kept"
    s3.put_bucket_versioning(**here, VersioningConfiguration={"Status": "Enabled"})
    return "every version of a state is now kept"


def _ensure_encryption(s3: S3Client, here: dict[str, Any]) -> str:
    present = unless(
        "ServerSideEncryptionConfigurationNotFoundError",
        lambda: s3.get_bucket_encryption(**here)["ServerSideEncryptionConfiguration"]["Rules"],
    )
    if present:  # by whichever key its owner prefers
        return "encrypted at rest"
    s3.put_bucket_encryption(
        **here,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
    )
    return "now encrypted at rest"


def _ensure_tls_only(s3: S3Client, here: dict[str, Any], arn: str) -> str:
    wanted = {
        "Sid": _TLS_STATEMENT,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    present = unless("NoSuchBucketPolicy", lambda: s3.get_bucket_policy(**here)["Policy"])
    policy: dict[str, Any] = (
        json.loads(present) if present else {"Version": "2012-10-17", "Statement": []}
    )
    if wanted in policy["Statement"]:
        return "reached by TLS only"
    others = [entry for entry in policy["Statement"] if entry.get("Sid") != _TLS_STATEMENT]
    policy["Statement"] = [*others, wanted]
    s3.put_bucket_policy(**here, Policy=json.dumps(policy))
    return "now reached by TLS only"


def _ensure_expiry(s3: S3Client, here: dict[str, Any]) -> str:
    wanted: dict[str, Any] = {
        "ID": _EXPIRE_RULE,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {
            "NoncurrentDays": _KEPT_DAYS,
            "NewerNoncurrentVersions": _KEPT_VERSIONS,
        },
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }
    present = unless(
        "NoSuchLifecycleConfiguration",
        lambda: s3.get_bucket_lifecycle_configuration(**here)["Rules"],
    )
    rules = cast("list[LifecycleRuleUnionTypeDef]", present or [])
    if any(_expires(rule) for rule in rules):
        return "old versions expire"
    others = [rule for rule in rules if rule.get("ID") != _EXPIRE_RULE]
    s3.put_bucket_lifecycle_configuration(
        **here, LifecycleConfiguration={"Rules": cast("Any", [*others, wanted])}
    )
    return f"old versions now expire after {_KEPT_DAYS} days, but for the newest {_KEPT_VERSIONS}"


def _expires(rule: LifecycleRuleUnionTypeDef) -> bool:
    """Whether it is our rule, and still does what we made it for."""
    return (
        rule.get("ID") == _EXPIRE_RULE
        and rule["Status"] == "Enabled"
        and rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays") == _KEPT_DAYS
    )


def unless(code: str, read: Callable[[], _T]) -> _T | None:
    """What `read` returns, or `None` where AWS answers that there is no such configuration."""
    try:
        return read()
    except ClientError as error:
        if error.response["Error"]["Code"] == code:
            return None
        raise
