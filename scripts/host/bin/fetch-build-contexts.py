#!/usr/bin/python3
"""Brings the sources of our own worker and model images to /opt/allora/build-contexts.

They lie in S3 as one tar archive that is named after its SHA-256, which the user data has: what is
built is what was deployed, whoever may write to the bucket.
"""

import hashlib
import io
import os
import shutil
import sys
import tarfile
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

ROOT = Path(os.environ.get("ALLORA_ROOT") or "/")
DIRECTORY = ROOT / "opt/allora/build-contexts"
NEEDS_OPERATOR = 78  # EX_CONFIG of sysexits.h
ATTEMPTS = int(os.environ.get("AWS_MAX_ATTEMPTS") or 8)
PATIENCE = Config(
    connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": ATTEMPTS}
)


def fetch(sha256: str) -> bytes:
    """The archive, when it is the one that is meant."""
    region, bucket = os.environ["BUILD_CONTEXTS_REGION"], os.environ["BUILD_CONTEXTS_BUCKET"]
    key = f"{os.environ['BUILD_CONTEXTS_PREFIX']}/{sha256}.tar"
    try:
        client = boto3.client("s3", region_name=region, config=PATIENCE)
        archive: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    except (BotoCoreError, ClientError) as error:
        reason = str(error).rstrip(".")
        sys.exit(
            f"s3://{bucket}/{key} cannot be read: {reason}. Check the instance's way to the "
            "internet; when it is missing: cdktf deploy allora-common allora-single-node."
        )
    if hashlib.sha256(archive).hexdigest() != sha256:
        message = f"s3://{bucket}/{key} is not what was deployed. Nothing was built from it."
        print(message, file=sys.stderr)
        sys.exit(NEEDS_OPERATOR)
    return archive


def main() -> None:
    sha256 = os.environ["BUILD_CONTEXTS_SHA256"]
    stamp = DIRECTORY / "sha256"
    if not sha256 or (stamp.is_file() and stamp.read_text() == sha256):
        return
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    with tarfile.open(fileobj=io.BytesIO(fetch(sha256))) as archive:
        # Python has filters since 3.11.4, and the archive is known by its digest.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(DIRECTORY)  # noqa: S202
    stamp.write_text(sha256)  # last, so that what was interrupted is done again


if __name__ == "__main__":
    main()
