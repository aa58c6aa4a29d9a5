"""What booting a host needs of this machine: `python -m tests.host.requirements` tells."""

from __future__ import annotations

import os
import shutil
import sys

from tests.host.chain import PYTHON

_TOOLS = {
    "cdktf": "run the tests with `make test-host`",
    "terraform": "run the tests with `make test-host`",
    **dict.fromkeys(
        ("mmdebstrap", "systemd-nspawn", "ip", "nsenter", "mke2fs", "dpkg-deb", "mount"),
        "install the packages of tests/host/apt-packages.txt",
    ),
}


def problem() -> str | None:
    """Why no host can be booted here, in one sentence."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "A host is booted by root on Linux: run these tests there, as in CI."
    for tool, remedy in _TOOLS.items():
        if shutil.which(tool) is None:
            return f"{tool} is not installed: {remedy}."
    if not PYTHON.exists():
        return f"{PYTHON} is missing: run the tests with `make test-host`."
    return None


if __name__ == "__main__":
    sys.exit(problem())
