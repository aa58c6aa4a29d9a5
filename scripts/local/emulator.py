"""Starts, finds and stops the embedded AWS. It holds everything in memory until it is stopped."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

ACCOUNT_ID = "123456789012"
"""The account that moto plays unless it is told otherwise."""

_START_SECONDS = 60

# The servers that this process started: it must wait for those that it ends.
_children: dict[int, subprocess.Popen[bytes]] = {}


class EmulatorError(Exception):
    """The embedded AWS could not be started."""


@dataclass(frozen=True)
class Emulator:
    """A running embedded AWS.

    Attributes:
        url: its endpoint, on loopback.
        pid: its process.
    """

    url: str
    pid: int

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """`base` without the real AWS credentials, and with everything pointed here."""
        return without_aws(base) | self.variables()

    def variables(self) -> dict[str, str]:
        """What points the AWS provider, Terraform's S3 backend and boto3 here."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "embedded",
            "AWS_SECRET_ACCESS_KEY": "embedded",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def is_running(self) -> bool:
        """Whether it answers."""
        try:
            urllib.request.urlopen(f"{self.url}/moto-api/", timeout=5).close()  # noqa: S310
        except OSError:
            return False
        return True

    def reset(self) -> None:
        """Forgets everything that was made in it."""
        request = urllib.request.Request(f"{self.url}/moto-api/reset", method="POST")  # noqa: S310
        urllib.request.urlopen(request, timeout=30).close()  # noqa: S310

    def stop(self) -> None:
        """Ends it, and everything in it."""
        os.kill(self.pid, signal.SIGTERM)
        if child := _children.pop(self.pid, None):
            child.wait()


def start(directory: Path) -> Emulator:
    """The embedded AWS of a directory: the one that runs, or a new one.

    Args:
        directory: where its address and its log are kept.

    Raises:
        EmulatorError: it did not come up; the message tells where its log is.
    """
    if running := find(directory):
        return running
    directory.mkdir(parents=True, exist_ok=True)
    log = directory / "emulator.log"
    port = _free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.local.server", "--port", str(port)],
            # As on AWS, a bucket of another account is closed.
            env=without_aws(os.environ) | {"MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS": "false"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal ends the command, not the server.
        )
    _children[process.pid] = process
    emulator = Emulator(url=f"http://127.0.0.1:{port}", pid=process.pid)
    deadline = time.monotonic() + _START_SECONDS
    while not emulator.is_running():
        if process.poll() is not None or time.monotonic() > deadline:
            raise EmulatorError(f"The embedded AWS did not start. Its log: {log}")
        time.sleep(0.1)
    _address_file(directory).write_text(json.dumps(asdict(emulator)))
    return emulator


def find(directory: Path) -> Emulator | None:
    """The running embedded AWS of a directory, if there is one."""
    try:
        emulator = Emulator(**json.loads(_address_file(directory).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return emulator if emulator.is_running() else None


def without_aws(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without the user's own AWS credentials, profile and endpoints."""
    return {name: value for name, value in environment.items() if not name.startswith("AWS_")}


def _address_file(directory: Path) -> Path:
    return directory / "emulator.json"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
