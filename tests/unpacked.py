"""Runs user data as far as its files go, below another root."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def unpack(user_data: str, root: Path) -> None:
    """Writes the files of a rendered user data below `root`, and starts nothing."""
    subprocess.run(
        ["bash"],
        input=user_data.encode(),
        env={**os.environ, "ALLORA_ROOT": str(root)},
        check=True,
        capture_output=True,
    )
