#!/usr/bin/python3
"""Name the program that holds a lock of apt or dpkg; exit with 1 if there is one.

apt's option DPkg::Lock::Timeout waits for dpkg's lock alone (man 5 apt.conf). These are locks of
POSIX, which flock does not see.

Usage: apt-in-use.py [SECONDS]: wait so long for all locks, by default not at all.
"""

import fcntl
import os
import struct
import sys
import time
from pathlib import Path

ROOT = Path(os.environ.get("ALLORA_ROOT") or "/")
LOCKS = (
    "var/lib/apt/lists/lock",
    "var/cache/apt/archives/lock",
    "var/lib/dpkg/lock-frontend",
    "var/lib/dpkg/lock",
)
FLOCK = struct.Struct("hhqqi4x")
"""`struct flock` of 64-bit Linux: type, whence, start, length, process."""


def holder(lock: Path) -> int | None:
    """Return the id of the process that holds a lock, or None."""
    question = FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    try:
        with lock.open("r+b") as file:
            kind, _, _, _, process = FLOCK.unpack(fcntl.fcntl(file, fcntl.F_GETLK, question))
    except FileNotFoundError:
        return None
    return None if kind == fcntl.F_UNLCK else process


def name_of(process: int) -> str:
    """Return a program's name and process id."""
    try:
        name = Path(f"/proc/{process}/comm").read_text().strip()
    except OSError:
        return f"process {process}"
    return f"{name} (process {process})"


def main(seconds: float) -> int:
    """Wait; return the exit code."""
    until = time.monotonic() + seconds
    while holders := [found for lock in LOCKS if (found := holder(ROOT / lock))]:
        if time.monotonic() >= until:
            print(name_of(holders[0]))
            return 1
        time.sleep(1)
    return 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 0))
