"""Finds what a call needs of the customer's key that S3 encrypts an object with.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
"""

from __future__ import annotations

from typing import Final

from moto.s3.exceptions import MissingBucket
from moto.s3.models import S3Backend, s3_backends

from devtools.embedded_aws.front.call import Call
from devtools.embedded_aws.iam.account import Account

_KMS: Final = "aws:kms"


def needed_key(call: Call, account: Account) -> tuple[str, str] | None:
    """Return an action of KMS and the key's ARN; None if no customer's key is in use.

    AWS's own key, which has no id here, is for everybody who may use the bucket.
    """
    if call.service != "s3":
        return None
    s3 = s3_backends[account.id][account.partition]
    if call.name == "GetObject":
        return _with_key("kms:Decrypt", _key_of_object(s3, call))
    if call.name == "PutObject":
        return _with_key("kms:GenerateDataKey", _key_of_new_object(s3, call))
    return None


def _with_key(action: str, key: str | None) -> tuple[str, str] | None:
    return (action, key) if key else None


def _key_of_object(s3: S3Backend, call: Call) -> str | None:
    asked = call.parameters
    try:
        stored = s3.get_object(asked["Bucket"], asked["Key"], asked.get("VersionId"))
    except MissingBucket:
        return None
    return stored.kms_key_id if stored and stored.encryption == _KMS else None


def _key_of_new_object(s3: S3Backend, call: Call) -> str | None:
    bucket = s3.buckets.get(call.parameters["Bucket"])
    encryption = (bucket.encryption if bucket else None) or {}
    default = encryption.get("Rule", {}).get("ApplyServerSideEncryptionByDefault", {})
    algorithm = call.parameters.get("ServerSideEncryption") or default.get("SSEAlgorithm")
    key = call.parameters.get("SSEKMSKeyId") or default.get("KMSMasterKeyID")
    return key if algorithm == _KMS else None
