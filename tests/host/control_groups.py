"""A control group for each host: in a common one their units' groups would be the same.

https://docs.kernel.org/admin-guide/cgroup-v2.html
"""

from __future__ import annotations

import os
from pathlib import Path


def create(name: str) -> Path:
    """Make a group below the one that this process is in."""
    group = _own() / name
    remove(group)
    group.mkdir()
    return group


def remove(group: Path) -> None:
    """Remove a group without processes, and those below it."""
    for path, _, _ in os.walk(group, topdown=False):
        Path(path).rmdir()


def command(group: Path) -> list[str]:
    """What runs a program in a group: the program and its arguments follow."""
    script = 'echo $$ > "$0" && exec "$@"'
    return ["sh", "-c", script, str(group / "cgroup.procs")]


def _own() -> Path:
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    root = next(Path(place) for _, place, kind, *_ in mounts if kind == "cgroup2")
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    (own,) = [line.removeprefix("0::/") for line in lines if line.startswith("0::")]
    return root / own
