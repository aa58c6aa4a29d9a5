"""Detects that a chain has started again from its first block, as a test network may do."""

from __future__ import annotations

from datetime import datetime
from typing import Final

_POLLS: Final = 3  # that agree, so that one wrong answer makes no reset


class ResetDetector:
    """Compares the blocks that polling finds.

    A node that is behind another one knows a block that is lower and older. After a reset the
    blocks are lower and newer, which they never are on one chain.
    """

    def __init__(self) -> None:
        self._height = 0
        self._time: datetime | None = None
        self._found = 0

    @property
    def is_suspected(self) -> bool:
        """Whether the last poll found a block that only a reset explains."""
        return self._found > 0

    def is_reset(self, height: int, time: datetime) -> bool:
        """Return whether several polls in a row found blocks that only a reset explains."""
        if self._time is not None and height < self._height:
            self._found = self._found + 1 if time > self._time else 0
            if self._found < _POLLS:
                return False
        is_reset, self._found = self._found == _POLLS, 0
        self._height, self._time = height, time
        return is_reset
