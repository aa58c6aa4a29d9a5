"""Logs lines of JSON to standard output."""

from __future__ import annotations

import json
import sys
import time


def log(level: str, message: str) -> None:
    """Print one line, in one write: what is killed in between leaves no half of it."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    line = json.dumps({"time": now, "level": level, "message": message})
    # Not `print`: unbuffered, it writes a line and its end apart.
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
