"""Horizons of forecasts: `5min`, `8h`, `1d`."""

from __future__ import annotations

import re

MINUTE = 60.0
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_UNITS = {"min": MINUTE, "h": HOUR, "d": DAY}
_FORM = re.compile(r"([0-9]{1,5})(min|h|d)")
_LONGEST = 30 * DAY


def parse_horizon(text: str) -> float:
    """Return a horizon's seconds, or raise `ValueError` unless it is from `1min` to `30d`."""
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no horizon: write 5min, 8h or 1d")
    seconds = int(match[1]) * _UNITS[match[2]]
    if not MINUTE <= seconds <= _LONGEST:
        raise ValueError(f"{text!r} is no horizon: it must be from 1min to 30d")
    return seconds
