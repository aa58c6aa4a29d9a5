"""The project's version."""

from typing import Final

VERSION: Final = "0.1.0"
"""CHANGELOG.md says what is in it."""
