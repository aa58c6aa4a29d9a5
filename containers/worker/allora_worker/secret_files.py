"""Reads secrets that the operator may change while the worker runs."""

from __future__ import annotations

from pathlib import Path


def read_secret(path: Path) -> str:
    """Return a secret's text; "" when there is no such file, or no text in it."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
