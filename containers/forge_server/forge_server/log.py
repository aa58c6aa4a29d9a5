"""Logs lines of JSON to standard output."""

from __future__ import annotations

import json
import time


def log(level: str, message: str) -> None:
    """Print one line."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    print(json.dumps({"time": now, "level": level, "message": message}), flush=True)
