"""Makes a recording shorter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

Event = tuple[float, str, str]
"""Of an asciicast: seconds since the start, kind, text.
https://docs.asciinema.org/manual/asciicast/v2/
"""

_LONGEST_PAUSE: Final = 1.0
"""In seconds: a longer one shows nothing."""


def shortened(cast: str, seconds: float) -> str:
    """Return an asciicast that takes at most so long: pauses first, then everything faster."""
    header, *lines = cast.splitlines()
    events = list(_without_long_pauses(json.loads(line) for line in lines))
    total = events[-1][0] if events else 0.0
    factor = min(1.0, seconds / total) if total else 1.0
    played = (json.dumps([at * factor, kind, text]) for at, kind, text in events)
    return "\n".join([header, *played, ""])


def _without_long_pauses(events: Iterable[Any]) -> Iterator[Event]:
    before = now = 0.0
    for at, kind, text in events:
        now += min(at - before, _LONGEST_PAUSE)
        before = at
        yield now, kind, text
