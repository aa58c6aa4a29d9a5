"""Removes what an interrupted run has left on the machine: processes, mounts, namespaces.

`python -m tests.host.leftovers` does it for all runs that are over.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

from devtools.embedded_aws.emulator import stop
from tests.host import cache, cloud, namespaces, slots
from tests.host.command import run
from tests.host.slots import Slot
from tests.host.waiting import wait_for


def remove(slot: Slot) -> None:
    """Removes all that earlier runs have left in a slot, their files too."""
    end(slot)
    cache.remove(slot.directory)


def end(slot: Slot) -> None:
    """Ends what still runs in a slot; its files stay."""
    for name in (slot.host_network, slot.cloud_network):
        _end_processes(name)
    for mount in _mounts_below(slot.directory):
        run("umount", "--lazy", mount)
    cloud.remove(slot)
    for directory in slot.directory.glob("*/aws"):
        stop(directory)


def _end_processes(namespace: str) -> None:
    """They are ours: nobody else is in these namespaces. A host ends with its init."""
    for pid in namespaces.processes(namespace):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_for(f"no process is left in {namespace}", lambda: not namespaces.processes(namespace), 30)


def _mounts_below(directory: Path) -> list[str]:
    # https://man7.org/linux/man-pages/man5/fstab.5.html: a space in a path is \040.
    mounts = [
        line.split()[1].replace(r"\040", " ")
        for line in Path("/proc/mounts").read_text().splitlines()
    ]
    return [mount for mount in reversed(mounts) if mount.startswith(f"{directory}/")]


def main() -> None:
    """End what runs that are over have left."""
    with slots.abandoned() as found:
        for slot in found:
            end(slot)


if __name__ == "__main__":
    main()
