"""Secrets that the operator may add, change or remove while the worker runs."""

from __future__ import annotations

from pathlib import Path


def read_secret(path: Path) -> str:
    """A secret's text; nothing when there is no such file, or no text in it."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
