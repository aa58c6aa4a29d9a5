"""Waits for what must come true, and says what did not."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_PAUSE_SECONDS = 0.25


def wait_for(what: str, probe: Callable[[], T | None], timeout: float = 120) -> T:
    """What the probe gives as soon as it is true.

    Args:
        what: for the message, such as "Docker runs".
        timeout: seconds.

    Raises:
        AssertionError: it did not come true.
    """
    deadline = time.monotonic() + timeout
    while True:
        if found := probe():
            return found
        assert time.monotonic() < deadline, f"not within {timeout:.0f} s: {what}"
        time.sleep(_PAUSE_SECONDS)
