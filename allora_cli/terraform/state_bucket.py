"""The S3 bucket that holds Terraform's state: made once, checked and mended at every run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, cast

from botocore.exceptions import ClientError

from allora_cli.context import Context
from allora_cli.errors import ErrorCode, OperatorError
from settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import LifecycleRuleUnionTypeDef

_T = TypeVar("_T")

_EXPIRE_RULE = "expire-old-state"
_KEPT_DAYS = 90
_KEPT_VERSIONS = 20
_TLS_STATEMENT = "TlsOnly"


class Property(StrEnum):
    """What a state bucket must be."""

    PRIVATE = "private"
    VERSIONED = "versioned"
    ENCRYPTED = "encrypted"
    TLS_ONLY = "tls-only"
    TIDY = "tidy"
    """Old versions expire."""


@dataclass(frozen=True)
class BucketState:
    """How a state bucket is found.

    Attributes:
        missing: the properties that it does not have.
    """

    exists: bool
    missing: tuple[Property, ...]

    @property
    def is_ready(self) -> bool:
        """Whether nothing is to be done."""
        return self.exists and not self.missing


def look_at_bucket(context: Context) -> BucketState:
    """Return how the state bucket is found; change nothing.

    Raises:
        OperatorError: it is somebody else's, or in another region.
    """
    settings = context.settings
    s3, here = _client(context), _here(settings.state_bucket, settings.aws_account_id)
    if not _exists(s3, here, settings.state_region):
        return BucketState(exists=False, missing=tuple(Property))
    return BucketState(exists=True, missing=missing_properties(s3, settings))


def missing_properties(
    s3: S3Client, settings: Settings, wanted: Iterable[Property] = tuple(Property)
) -> tuple[Property, ...]:
    """Return what a state bucket that exists is not.

    Args:
        s3: a client for the bucket's region.
        settings: whose bucket.
        wanted: the properties to look at.
    """
    here = _here(settings.state_bucket, settings.aws_account_id)
    arn = _arn(settings.partition, settings.state_bucket)
    return tuple(each for each in wanted if not _PROPERTIES[each].holds(s3, here, arn))


def bucket_exists(context: Context) -> bool:
    """Return whether there is a bucket of that name, whoever has it, and wherever it is."""
    settings = context.settings
    try:
        _client(context).head_bucket(**_here(settings.state_bucket, settings.aws_account_id))
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"] != HTTPStatus.NOT_FOUND
    return True


def ensure_bucket(context: Context) -> Iterator[str]:
    """Make or mend the state bucket; see `ensure_state_bucket`."""
    settings = context.settings
    return ensure_state_bucket(
        _client(context),
        bucket=settings.state_bucket,
        region=settings.state_region,
        account_id=settings.aws_account_id,
        partition=settings.partition,
    )


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
    here = _here(bucket, account_id)
    if _exists(s3, here, region):
        yield "exists, and is this account's"
    else:
        _create(s3, bucket, region)
        yield "created"
    arn = _arn(partition, bucket)
    for each in _PROPERTIES.values():
        if each.holds(s3, here, arn):
            yield each.held
        else:
            each.make(s3, here, arn)
            yield each.made


def _client(context: Context) -> S3Client:
    return context.session.client("s3", region_name=context.settings.state_region)


def _here(bucket: str, account_id: str) -> dict[str, Any]:
    return {"Bucket": bucket, "ExpectedBucketOwner": account_id}


def _arn(partition: str, bucket: str) -> str:
    return f"arn:{partition}:s3:::{bucket}"


def _exists(s3: S3Client, here: dict[str, Any], region: str) -> bool:
    bucket = here["Bucket"]
    try:
        s3.head_bucket(**here)
    except ClientError as error:
        # A HEAD request is answered without a body: the status is all that there is.
        status = HTTPStatus(error.response["ResponseMetadata"]["HTTPStatusCode"])
        if status in {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.BAD_REQUEST}:
            raise _in_another_region(bucket, region) from error
        if status == HTTPStatus.FORBIDDEN:
            raise _somebody_elses(bucket) from error
        if status != HTTPStatus.NOT_FOUND:
            raise
        return False
    actual = s3.get_bucket_location(Bucket=bucket).get("LocationConstraint") or "us-east-1"
    if actual != region:
        raise _in_another_region(bucket, region, actual)
    return True


def _create(s3: S3Client, bucket: str, region: str) -> None:
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


# --- the properties

_PRIVATE: Final = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


def _is_private(s3: S3Client, here: dict[str, Any], _arn: str) -> bool:
    present = _unless(
        "NoSuchPublicAccessBlockConfiguration",
        lambda: s3.get_public_access_block(**here)["PublicAccessBlockConfiguration"],
    )
    return present == _PRIVATE


def _make_private(s3: S3Client, here: dict[str, Any], _arn: str) -> None:
    s3.put_public_access_block(**here, PublicAccessBlockConfiguration=cast("Any", _PRIVATE))


def _is_versioned(s3: S3Client, here: dict[str, Any], _arn: str) -> bool:
    return s3.get_bucket_versioning(**here).get("Status") == "Enabled"


def _make_versioned(s3: S3Client, here: dict[str, Any], _arn: str) -> None:
    s3.put_bucket_versioning(**here, VersioningConfiguration={"Status": "Enabled"})


def _is_encrypted(s3: S3Client, here: dict[str, Any], _arn: str) -> bool:
    # By whichever key its owner prefers.
    return bool(
        _unless(
            "ServerSideEncryptionConfigurationNotFoundError",
            lambda: s3.get_bucket_encryption(**here)["ServerSideEncryptionConfiguration"]["Rules"],
        )
    )


def _make_encrypted(s3: S3Client, here: dict[str, Any], _arn: str) -> None:
    s3.put_bucket_encryption(
        **here,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
    )


def _is_tls_only(s3: S3Client, here: dict[str, Any], arn: str) -> bool:
    return _tls_only(arn) in bucket_policy(s3, here)["Statement"]


def _make_tls_only(s3: S3Client, here: dict[str, Any], arn: str) -> None:
    policy = bucket_policy(s3, here)
    others = [entry for entry in policy["Statement"] if entry.get("Sid") != _TLS_STATEMENT]
    policy["Statement"] = [*others, _tls_only(arn)]
    s3.put_bucket_policy(**here, Policy=json.dumps(policy))


def _tls_only(arn: str) -> dict[str, Any]:
    return {
        "Sid": _TLS_STATEMENT,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def bucket_policy(s3: S3Client, here: dict[str, Any]) -> dict[str, Any]:
    """Return the bucket's policy, an empty one if there is none; its statements are a list.

    A single statement may stand without one:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """
    present = _unless("NoSuchBucketPolicy", lambda: s3.get_bucket_policy(**here)["Policy"])
    policy: dict[str, Any] = (
        json.loads(present) if present else {"Version": "2012-10-17", "Statement": []}
    )
    if isinstance(policy["Statement"], dict):  # a single one needs no list
        policy["Statement"] = [policy["Statement"]]
    return policy


def _is_tidy(s3: S3Client, here: dict[str, Any], _arn: str) -> bool:
    return any(map(_expires, _lifecycle(s3, here)))


def _make_tidy(s3: S3Client, here: dict[str, Any], _arn: str) -> None:
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
    others = [rule for rule in _lifecycle(s3, here) if rule.get("ID") != _EXPIRE_RULE]
    s3.put_bucket_lifecycle_configuration(
        **here, LifecycleConfiguration={"Rules": cast("Any", [*others, wanted])}
    )


def _lifecycle(s3: S3Client, here: dict[str, Any]) -> list[LifecycleRuleUnionTypeDef]:
    present = _unless(
        "NoSuchLifecycleConfiguration",
        lambda: s3.get_bucket_lifecycle_configuration(**here)["Rules"],
    )
    return cast("list[LifecycleRuleUnionTypeDef]", present or [])


def _expires(rule: LifecycleRuleUnionTypeDef) -> bool:
    """Whether it is our rule, and still does what we made it for."""
    return (
        rule.get("ID") == _EXPIRE_RULE
        and rule["Status"] == "Enabled"
        and rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays") == _KEPT_DAYS
    )


class _Rule(NamedTuple):
    """How to look at a property and to make it, and what is said of both."""

    holds: Callable[[S3Client, dict[str, Any], str], bool]
    make: Callable[[S3Client, dict[str, Any], str], None]
    held: str
    made: str


_PROPERTIES: Final[Mapping[Property, _Rule]] = {
    Property.PRIVATE: _Rule(
        _is_private, _make_private, "public access is blocked", "public access is now blocked"
    ),
    Property.VERSIONED: _Rule(
        _is_versioned,
        _make_versioned,
        "every version of a state is kept",
        "every version of a state is now kept",
    ),
    Property.ENCRYPTED: _Rule(
        _is_encrypted, _make_encrypted, "encrypted at rest", "now encrypted at rest"
    ),
    Property.TLS_ONLY: _Rule(
        _is_tls_only, _make_tls_only, "reached by TLS only", "now reached by TLS only"
    ),
    Property.TIDY: _Rule(
        _is_tidy,
        _make_tidy,
        "old versions expire",
        f"old versions now expire after {_KEPT_DAYS} days, but for the newest {_KEPT_VERSIONS}",
    ),
}


def _unless(code: str, read: Callable[[], _T]) -> _T | None:
    """What `read` returns, or `None` where AWS answers that there is no such configuration."""
    try:
        return read()
    except ClientError as error:
        if error.response["Error"]["Code"] == code:
            return None
        raise
