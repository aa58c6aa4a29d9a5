"""Limits the messages of a connection."""

from __future__ import annotations

import time
from typing import Final

_SECONDS: Final = 10.0


class FloodDetector:
    """Counts the messages and bytes of each ten seconds, and compares them with limits."""

    def __init__(self, max_messages: int, max_bytes: int) -> None:
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._since = time.monotonic()
        self._messages = self._bytes = 0

    def is_flooded_by(self, size: int) -> bool:
        """Count a message of some bytes; return whether a limit is exceeded."""
        now = time.monotonic()
        if now - self._since >= _SECONDS:
            self._since, self._messages, self._bytes = now, 0, 0
        self._messages += 1
        self._bytes += size
        return self._messages > self._max_messages or self._bytes > self._max_bytes
