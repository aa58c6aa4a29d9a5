"""Make foreign text safe for a terminal; format times."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

_COLOURS = re.compile(r"\x1b\[[0-9;:]*m")

# C0 and C1 controls except tab, line and paragraph separators, bidirectional controls
# (https://trojansource.codes), characters of no width, and lone surrogates.
_UNSAFE = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
    "\xad\u200b\u2060-\u2064\ufeff]"
)

# The minimum in seconds, the size and the name of units: "1 hour" would hide 59 minutes.
_UNITS = (
    (2 * 86400, 86400, "day"),
    (2 * 3600, 3600, "hour"),
    (60, 60, "minute"),
    (0, 1, "second"),
)


def clean(text: str) -> str:
    """Return one line without colours, and with other control characters escaped."""
    return _UNSAFE.sub(_escape, _COLOURS.sub("", text))


def clean_lines(text: str) -> str:
    """Return lines, each of them cleaned."""
    return "\n".join(map(clean, text.split("\n")))


def cleaned(document: dict[str, Any]) -> dict[str, Any]:
    """Return a JSON object with all its strings cleaned."""
    return {clean(key): _cleaned(value) for key, value in document.items()}


def _cleaned(value: object) -> object:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return cleaned(value)
    return value


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004 - a byte


def clamp(text: str, length: int) -> str:
    """Return a text, cut to `length` characters."""
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def moment(at: datetime) -> str:
    """Return a time in UTC, to the minute."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def duration(length: timedelta) -> str:
    """Return a length of time in whole units, such as "2 minutes"; 0 seconds if negative."""
    seconds = max(int(length.total_seconds()), 0)
    for from_, size, unit in _UNITS:
        if seconds >= from_:
            count = seconds // size
            return f"{count} {unit}{'s' * (count != 1)}"
    raise AssertionError
