#!/usr/bin/python3
"""Fetch the host's archive to /opt/allora and hand over to its install.sh.

allora-install.service runs this, from the first boot on until install.sh has succeeded. The
archive's SHA-256 is in user data, so write access to the bucket does not change what runs. Network,
role and policy may come late: it retries for ever.
"""

import contextlib
import hashlib
import io
import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import aws

ROOT = Path(os.environ.get("ALLORA_ROOT") or "/")
DIRECTORY = ROOT / "opt/allora"
CONSOLE = ROOT / "dev/console"
PAUSES = (2, 4, 8, 16, 30)  # seconds; the last one repeats

Settings = dict[str, str]


class ArchiveError(Exception):
    """The archive is not in place; the text has the reason and the remedy."""

    def __init__(self, message: str, *, needs_operator: bool = False) -> None:
        super().__init__(message)
        self.needs_operator = needs_operator


def read_settings() -> Settings:
    """Return the variables of host.env."""
    words = shlex.split((ROOT / "etc/allora/host.env").read_text())
    return dict(word.split("=", 1) for word in words)


def report(settings: Settings, state: str, message: str, **reason: object) -> None:
    """Write an event to the serial console, CloudWatch and the journal.

    report.py sends later what CloudWatch does not take now.
    """
    message = re.sub("[^ -~]", "?", message)
    event = json.dumps({"event": "bootstrap", "state": state, **reason, "message": message})
    with contextlib.suppress(OSError), CONSOLE.open("a") as console:
        console.write(f"{event}\r\n")
    if sys.stderr.isatty():
        print(f"allora: {message}", file=sys.stderr)
    tag = "allora-bootstrap" if send(settings, event) else "allora"
    subprocess.run(["logger", "--tag", tag, "--", event], check=False)


def send(settings: Settings, event: str) -> bool:
    """Send an event to CloudWatch; return whether it arrived."""
    events = [{"timestamp": int(time.time() * 1000), "message": event}]
    try:
        stream = f"{aws.metadata('instance-id')}/boot"
        group = f"{settings['LOG_GROUP_PREFIX']}/host"
        aws.LogStream(settings["AWS_REGION"], group, stream).put(events)
    except aws.FAILURES:
        return False
    return True


def wake_session_manager() -> None:
    """Restart the SSM agent, by whatever package it came.

    After a first try without the Elastic IP or the role it sleeps for up to half an hour
    (https://github.com/aws/amazon-ssm-agent/issues/544).
    """
    agent = "*amazon-ssm-agent.service"  # the snap's unit is snap.amazon-ssm-agent.…
    subprocess.run(["systemctl", "try-restart", "--no-block", agent], check=False)


def fetch(settings: Settings) -> bytes:
    """Return the archive.

    Raises:
        ArchiveError: It cannot be read, or has another digest.
    """
    bucket, sha256 = settings["ARCHIVE_BUCKET"], settings["ARCHIVE_SHA256"]
    key = f"{settings['ARCHIVE_PREFIX']}/{sha256}.tar"
    try:
        archive = aws.get_object(settings["ARCHIVE_REGION"], bucket, key)
    except aws.FAILURES as error:
        raise ArchiveError(
            f"s3://{bucket}/{key} cannot be read: {aws.reason(error)}. If this does not pass, "
            "check the instance's way to the internet; if the object is missing: allora deploy."
        ) from error
    if hashlib.sha256(archive).hexdigest() != sha256:
        raise ArchiveError(
            f"s3://{bucket}/{key} is not what was deployed, and nothing of it runs. Delete it, "
            "then: allora deploy.",
            needs_operator=True,
        )
    return archive


def unpack(archive: bytes, sha256: str) -> None:
    """Replace /opt/allora by the archive's files, atomically.

    Raises:
        ArchiveError: The disk is full or fails.
    """
    draft = DIRECTORY.with_name("allora.new")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            # Filters exist since Python 3.11.4; the digest is verified.
            tar.extraction_filter = getattr(tarfile, "data_filter", None)
            tar.extractall(draft)  # noqa: S202
        (draft / "sha256").write_text(sha256)
        os.sync()  # against a power cut
        shutil.rmtree(DIRECTORY, ignore_errors=True)
        draft.rename(DIRECTORY)
    except OSError as error:
        raise ArchiveError(f"{DIRECTORY} cannot be written: {error}. Check: df -h /.") from error


def is_unpacked(sha256: str) -> bool:
    """Return whether this archive is in place."""
    stamp = DIRECTORY / "sha256"
    return stamp.is_file() and stamp.read_text() == sha256


def install_archive(settings: Settings) -> None:
    """Fetch and unpack the archive; retry until it succeeds."""
    report(settings, "started", "fetching the host's scripts")
    for pause in itertools.chain(PAUSES, itertools.repeat(PAUSES[-1])):
        try:
            unpack(fetch(settings), settings["ARCHIVE_SHA256"])
        except ArchiveError as error:
            report(
                settings,
                "waiting",
                f"{error} The next try is in {pause} s.",
                code="archive_unavailable",
                needs_operator=error.needs_operator,
            )
            time.sleep(pause)
        else:
            report(settings, "done", "the host's scripts are in place")
            wake_session_manager()
            return


def main() -> None:
    """Install the archive if needed, and become its install.sh."""
    os.umask(0o022)
    settings = read_settings()
    if not is_unpacked(settings["ARCHIVE_SHA256"]):
        install_archive(settings)
    install = DIRECTORY / "bin/install.sh"
    os.execv(install, [install])  # noqa: S606


if __name__ == "__main__":
    main()
