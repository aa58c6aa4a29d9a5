"""Finds what a call needs of the customer's key that S3 encrypts an object with.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
"""

from __future__ import annotations

from typing import Final

from moto.s3.models import FakeBucket, FakeKey, s3_backends

from devtools.embedded_aws.front.call import Call
from devtools.embedded_aws.iam.account import Account

_KMS: Final = "aws:kms"


def needed_key(call: Call, account: Account) -> tuple[str, str] | None:
    """Return an action of KMS and the key's ARN; None if no customer's key is in use.

    AWS's own key, which has no id here, is for everybody who may use the bucket.
    """
    bucket = s3_backends[account.id][account.partition].buckets.get(
        call.parameters.get("Bucket", "")
    )
    if call.service != "s3" or bucket is None:
        return None
    if call.name == "GetObject":
        return _with_key("kms:Decrypt", _key_of_object(bucket, call))
    if call.name == "PutObject":
        return _with_key("kms:GenerateDataKey", _key_of_new_object(bucket, call))
    return None


def _with_key(action: str, key: str | None) -> tuple[str, str] | None:
    return (action, key) if key else None


def _key_of_object(bucket: FakeBucket, call: Call) -> str | None:
    stored = bucket.keys.get(call.parameters["Key"])
    if not isinstance(stored, FakeKey):  # a delete marker has no key
        return None
    return stored.kms_key_id if stored.encryption == _KMS else None


def _key_of_new_object(bucket: FakeBucket, call: Call) -> str | None:
    default = (
        (bucket.encryption or {}).get("Rule", {}).get("ApplyServerSideEncryptionByDefault", {})
    )
    algorithm = call.parameters.get("ServerSideEncryption") or default.get("SSEAlgorithm")
    key = call.parameters.get("SSEKMSKeyId") or default.get("KMSMasterKeyID")
    return key if algorithm == _KMS else None
