"""Removes what an interrupted run has left on the machine: processes, mounts, namespaces."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

from scripts.local.emulator import find
from tests.host import cache, cloud, namespaces
from tests.host.command import run
from tests.host.waiting import wait_for


def remove(directory: Path) -> None:
    """Removes all that a run in this directory has left, and the directory."""
    for name in (cloud.HOST, cloud.INTERNET):
        _end_processes(name)
    for mount in _mounts_below(directory):
        run("umount", "--lazy", mount)
    cloud.remove()
    if emulator := find(directory / "aws"):
        emulator.stop()
    cache.remove(directory)


def _end_processes(namespace: str) -> None:
    """They are ours: nobody else is in these namespaces. A host ends with its init."""
    for pid in namespaces.processes(namespace):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_for(f"no process is left in {namespace}", lambda: not namespaces.processes(namespace), 30)


def _mounts_below(directory: Path) -> list[str]:
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    return [mount for mount in reversed(mounts) if mount.startswith(f"{directory}/")]
