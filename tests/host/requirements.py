"""What booting a host needs of this machine: `python -m tests.host.requirements` tells."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tests.host.chain import PYTHON

_TOOLS = ("mmdebstrap", "systemd-nspawn", "ip", "nsenter", "mke2fs", "dpkg-deb", "mount")
_PACKAGES = Path(__file__).with_name("apt-packages.txt")


def problem() -> str | None:
    """Why no host can be booted here, in one sentence."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "A host is booted by root on Linux: run these tests there, as in CI."
    if missing := [tool for tool in _TOOLS if shutil.which(tool) is None]:
        packages = ", ".join(_PACKAGES.read_text().split())
        return f"Missing: {', '.join(missing)}. In Debian they are in these packages: {packages}."
    if not PYTHON.exists() or not all(map(shutil.which, ("cdktf", "terraform"))):
        return "These tests need more than a virtual environment: run `make test-host`."
    return None


if __name__ == "__main__":
    sys.exit(problem())
