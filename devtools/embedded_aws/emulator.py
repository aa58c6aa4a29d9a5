"""Starts, finds and stops the embedded AWS. It holds everything in memory until it is stopped."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.request import Request

import psutil

from devtools.embedded_aws.front.account import PLAN_PATH, Plan
from devtools.embedded_aws.processes import end
from shared.loopback import no_proxy, open_url

ACCOUNT_ID = "123456789012"
"""moto's default account."""

_START_SECONDS = 60
_CLOCK_SECONDS = 2
"""By how much a process's start may seem to move when the computer's clock is set."""
_STOP_SECONDS = 10

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
        """Return `base` without the real AWS credentials, and with everything pointed here."""
        return without_aws(base) | self.variables() | no_proxy(base)

    def variables(self) -> dict[str, str]:
        """Return what points the AWS provider, Terraform's S3 backend and boto3 here."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "embedded",
            "AWS_SECRET_ACCESS_KEY": "embedded",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def is_running(self) -> bool:
        """Return whether it answers."""
        try:
            open_url(Request(f"{self.url}/moto-api/"), timeout=5).close()  # noqa: S310
        except OSError:
            return False
        return True

    def reset(self) -> None:
        """Forget everything that was made in it."""
        request = Request(f"{self.url}/moto-api/reset", method="POST")  # noqa: S310
        open_url(request, timeout=30).close()

    def choose_plan(self, plan: Plan) -> None:
        """Have its account pay for another plan."""
        url = f"{self.url}{PLAN_PATH}"
        request = Request(url, method="PUT", data=plan.encode())  # noqa: S310
        open_url(request, timeout=30).close()

    def stop(self) -> None:
        """End it, and everything in it."""
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            process.terminate()
            end([process], _STOP_SECONDS)
        if child := _children.pop(self.pid, None):
            child.wait()


def start(directory: Path, check: Callable[[], None] = lambda: None) -> Emulator:
    """Return the embedded AWS of a directory: the one that runs, or a new one.

    Args:
        directory: Where its address and its log are kept.
        check: Called again and again while it starts. What it raises ends the start.

    Raises:
        EmulatorError: It did not come up; the message names its log. Nothing is left running.
    """
    if running := find(directory):
        return running
    stop(directory)
    directory.mkdir(parents=True, exist_ok=True)
    log = directory / "emulator.log"
    # Bound here and inherited: no other program can take the port before the server listens on it.
    with socket.socket() as bound, log.open("wb") as output:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        process = subprocess.Popen(
            _command(bound.fileno()),
            pass_fds=[bound.fileno()],
            env=server_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal ends the command, not the server.
        )
    _children[process.pid] = process
    emulator = Emulator(url=f"http://127.0.0.1:{port}", pid=process.pid)
    try:
        # Before it answers, so that `stop` finds it from now on.
        _record(directory, emulator)
        _wait_for(emulator, process, log, check)
    except BaseException:
        emulator.stop()
        raise
    return emulator


def find(directory: Path) -> Emulator | None:
    """Return the embedded AWS of a directory, or None if there is none that answers."""
    emulator = _recorded(directory)
    return emulator if emulator and emulator.is_running() else None


def stop(directory: Path) -> bool:
    """End the embedded AWS of a directory, even one that does not answer yet or any more.

    Returns:
        Whether there was one.
    """
    if emulator := _recorded(directory):
        emulator.stop()
    return emulator is not None


def _wait_for(
    emulator: Emulator, process: subprocess.Popen[bytes], log: Path, check: Callable[[], None]
) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not emulator.is_running():
        check()
        if process.poll() is not None or time.monotonic() > deadline:
            last = log.read_text(errors="replace").strip().rpartition("\n")[2]
            raise EmulatorError(f"The embedded AWS did not start: {last} (the log: {log})")
        time.sleep(0.1)


def _record(directory: Path, emulator: Emulator) -> None:
    started = psutil.Process(emulator.pid).create_time()
    record = asdict(emulator) | {"started": started}
    _address_file(directory).write_text(json.dumps(record))


def _recorded(directory: Path) -> Emulator | None:
    """Return what the address file names, unless that process has ended."""
    try:
        record = json.loads(_address_file(directory).read_text())
        recorded = record.pop("started")
        emulator = Emulator(**record)
        started = psutil.Process(emulator.pid).create_time()
    except (OSError, ValueError, TypeError, LookupError, psutil.Error):
        return None
    # Otherwise another program has got its number meanwhile.
    return emulator if abs(started - recorded) < _CLOCK_SECONDS else None


def _command(descriptor: int) -> list[str]:
    return [sys.executable, "-m", "devtools.embedded_aws.server", str(descriptor)]


def server_environment() -> dict[str, str]:
    """Return the server's environment: as on AWS, a bucket of another account is closed."""
    return without_aws(os.environ) | {"MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS": "false"}


def without_aws(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without the user's own AWS credentials, profile and endpoints."""
    return {name: value for name, value in environment.items() if not name.startswith("AWS_")}


def _address_file(directory: Path) -> Path:
    return directory / "emulator.json"
