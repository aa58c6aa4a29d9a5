#!/usr/bin/python3
"""Fetch the model of MODEL_FORGE, s3:// or https://, to /var/lib/allora/forge/predict.pkl.

A file with another SHA-256 than MODEL_SHA256 is not kept, and nothing here loads it. One that is in
place needs no network.
"""

import contextlib
import hashlib
import http.client
import os
import sys
import time
import urllib.request
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import aws

ROOT = Path(os.environ.get("ALLORA_ROOT") or "/")
FILE = ROOT / "var/lib/allora/forge/predict.pkl"
ATTEMPTS = int(os.environ.get("AWS_MAX_ATTEMPTS") or 5)
PIECE = 1024 * 1024
MOST = 2 * 1024**3  # bytes; more fills the disk, and the memory of whoever loads it


def need_operator(message: str) -> NoReturn:
    """Exit with a failure that a retry does not mend."""
    print(message, file=sys.stderr)
    sys.exit(os.EX_CONFIG)


def digest_of(file: Path) -> str:
    """Return a file's SHA-256; of an absent one, nothing."""
    if not file.is_file():
        return ""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def open_source(url: str) -> http.client.HTTPResponse:
    """Return the model's bytes, to be read and closed."""
    parts = urlsplit(url)
    if parts.scheme == "s3":
        return aws.open_object(os.environ["AWS_REGION"], parts.netloc, parts.path.lstrip("/"))
    answer: http.client.HTTPResponse = urllib.request.urlopen(url, timeout=aws.TIMEOUT)  # noqa: S310 - https
    return answer


def fetch(url: str, file: Path) -> None:
    """Write the model to a file.

    Raises:
        OSError, ...: As `aws.FAILURES`; also when it breaks off, or is too large.
    """
    with open_source(url) as source, file.open("wb") as target:
        while piece := source.read(PIECE):
            target.write(piece)
            if target.tell() > MOST:
                raise ValueError(f"it has more than {MOST // 1024**3} GiB")
        if source.length:  # to come, by its header
            raise http.client.IncompleteRead(b"", source.length)


def fetch_patiently(url: str, file: Path) -> None:
    """Fetch the model; try again after 2, 4, 8 and 16 s."""
    for attempt in range(1, ATTEMPTS):
        with contextlib.suppress(*aws.FAILURES):
            return fetch(url, file)
        time.sleep(2**attempt)
    return fetch(url, file)


def remedy_for(url: str) -> str:
    """Return what to check when the model cannot be read."""
    if url.startswith("s3://"):
        region = os.environ["AWS_REGION"]
        return f"The object must exist, in a bucket in {region} that lets this account read it."
    return "The address must be public, and reachable from the instance."


def main() -> None:
    """Have the model in place; exit if there is none with the right digest."""
    url, wanted = os.environ["MODEL_FORGE"], os.environ["MODEL_SHA256"]
    if digest_of(FILE) == wanted:
        return
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.parent.chmod(0o755)
    draft = FILE.with_suffix(".new")
    try:
        fetch_patiently(url, draft)
    except aws.FAILURES as error:
        draft.unlink(missing_ok=True)
        need_operator(f"MODEL_FORGE {url} cannot be read: {aws.reason(error)}. {remedy_for(url)}")
    found = digest_of(draft)
    if found != wanted:
        draft.unlink()
        need_operator(
            f"MODEL_FORGE {url} has the SHA-256 {found}, not that of MODEL_SHA256, {wanted}. "
            "It is not loaded. Set MODEL_SHA256 to the file that you mean, then: allora deploy."
        )
    draft.chmod(0o644)
    draft.replace(FILE)
    print(f"MODEL_FORGE {url} is in place")


if __name__ == "__main__":
    main()
