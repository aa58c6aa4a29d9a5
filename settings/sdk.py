"""The versions of the Allora SDK that the project's own worker can be built with."""

from __future__ import annotations

import re
from pathlib import Path

from settings.errors import fault

DEFAULT_VERSION = "1.3.0"
"""https://github.com/allora-network/allora-sdk-py/releases"""

LOCKS = Path(__file__).resolve().parent.parent / "containers" / "worker" / "locks"
"""For each version a file `<version>.txt`: every package of the worker's image with its hashes."""


def known_version(text: str) -> str:
    """A version that has been locked: what is built on the host is what was chosen here."""
    if not re.fullmatch(r"[0-9]+(?:\.[0-9]+)+(?:(?:a|b|rc)[0-9]+)?", text):
        raise fault("is not the number of a version.", f"as in {DEFAULT_VERSION}")
    if not (LOCKS / f"{text}.txt").is_file():
        locked = ", ".join(sorted(lock.stem for lock in LOCKS.glob("*.txt")))
        raise fault(
            f"has not been locked yet; {locked} has been.", f"run: make lock-worker SDK={text}"
        )
    return text
