"""Waits for what a test expects to happen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def until(condition: Callable[[], T], seconds: float = 120) -> T:
    """Waits until a condition gives something true, and gives that."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, "what was waited for never happened"
        await asyncio.sleep(0.01)
    return result
