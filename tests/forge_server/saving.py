"""Save models as the kit's users do: from a program that is its own `__main__`."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from forge_server.pickles import THIS_PYTHON

ROOT = Path(__file__).resolve().parents[2]
SAVE = """
import {library}
{source}
with open({file!r}, "wb") as file:
    {library}.dump(predict, file)
"""


def save_model(directory: Path, source: str, library: str = "cloudpickle") -> Path:
    """Save `predict` of a program, and return the file."""
    file = directory / "predict.pkl"
    program = SAVE.format(library=library, source=source, file=str(file))
    subprocess.run([sys.executable, "-c", program], check=True)
    return file


def variables(file: Path) -> dict[str, str]:
    """Return the variables of the container that serves a file."""
    return {
        "FORGE_FILE": str(file),
        "FORGE_SHA256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "FORGE_PYTHON": THIS_PYTHON,
        "FORGE_PORT": "0",
    }
