"""A line of text for a screen."""

from __future__ import annotations

from typing import NamedTuple


class Sentence(NamedTuple):
    """A line, and how rich prints it."""

    text: str
    style: str = ""
