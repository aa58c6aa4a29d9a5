"""Detects that a chain has started again from its first block, as a test network may do."""

from __future__ import annotations

from typing import Final

MAX_BLOCKS_BEHIND: Final = 100
"""Blocks that one node of an endpoint can be behind another; more means a reset."""


class ResetDetector:
    """Compares the heights that polling finds."""

    def __init__(self) -> None:
        self.height = 0
        """The greatest height since the start or the last reset."""
        self.is_suspected = False
        """Whether the last poll found a height that only a reset explains."""

    def is_reset(self, height: int) -> bool:
        """Return whether two polls in a row found a height that only a reset explains."""
        if height >= self.height - MAX_BLOCKS_BEHIND:
            self.height = max(height, self.height)
            self.is_suspected = False
            return False
        was_suspected, self.is_suspected = self.is_suspected, True
        return was_suspected

    def restart(self, height: int) -> None:
        """Continue with the chain after its reset."""
        self.height = height
        self.is_suspected = False
