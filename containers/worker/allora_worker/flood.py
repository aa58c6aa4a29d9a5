"""A limit for what a connection may bring in a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

_SECONDS: Final = 10.0


class Flood:
    """Tells when more messages, or more bytes, come than there can be a reason for.

    Args:
        messages: How many there may be in ten seconds.
        size: How many bytes there may be in ten seconds.
        monotonic: The clock.
    """

    def __init__(
        self, messages: int, size: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._most_messages = messages
        self._most_bytes = size
        self._monotonic = monotonic
        self._since = monotonic()
        self._messages = self._bytes = 0

    def is_reached(self, size: int) -> bool:
        """Takes note of a message of so many bytes; tells whether that was too much."""
        now = self._monotonic()
        if now - self._since >= _SECONDS:
            self._since, self._messages, self._bytes = now, 0, 0
        self._messages += 1
        self._bytes += size
        return self._messages > self._most_messages or self._bytes > self._most_bytes
