"""Quotes what other programs answer: bounded, on one line, and without secrets.

The operator's commands use it too, so this module imports nothing but the standard library.
"""

from __future__ import annotations

import re
from typing import Final

from .errors import shorten
from .urls import without_query

MOST_BYTES: Final = 2 * 1024
"""How much of an answer is read for a quotation."""

_MOST: Final = 120  # characters
# Schemes are bounded, because the search for one without a bound is quadratic.
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s\"'<>]+")
# A name such as `api_key`, what separates it from its value, and the value. A short "token" is a
# coin.
_SECRET: Final = re.compile(
    r"((?:api[-_ ]?key|secret|passw(?:or)?d|authorization|token(?=\W{1,6}[^\s\"',;&}]{16}))[\"']?"
    r"\s*[:=]\s*[\"']?(?:(?:bearer|basic)\s+)?)[^\s\"',;&}]+",
    re.IGNORECASE,
)
_TAG: Final = re.compile(r"<[^<>]*>")


def first_line(body: bytes) -> str:
    """Return the first line with words of an answer, or "" if there is none; tags are left out."""
    text = _TAG.sub(" ", body[:MOST_BYTES].decode(errors="replace"))
    line = next((line for line in text.splitlines() if any(map(str.isalnum, line))), "")
    return shorten(without_secrets(line), _MOST)


def without_secrets(text: str) -> str:
    """Return the text without the users and queries of URLs, and without values of secrets."""
    return _SECRET.sub(r"\1***", _URL.sub(_bare, text))


def _bare(url: re.Match[str]) -> str:
    try:
        return without_query(url.group())
    except ValueError:
        return "***"
