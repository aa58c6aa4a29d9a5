"""Tells from the account's sequence whether somebody else sends with the wallet."""

from __future__ import annotations


class OwnSequence:
    """The sequence that the account has as long as nobody but this process sends."""

    def __init__(self) -> None:
        self._next: int | None = None

    def sent(self, sequence: int) -> None:
        """Record a transaction of this process that may be in a block, now or later."""
        self._next = max(self._next or 0, sequence + 1)

    def confirmed(self, sequence: int) -> None:
        """Record a transaction of this process that is in a block."""
        self._next = sequence + 1

    def take_moved(self, sequence: int) -> bool:
        """Return whether somebody else has sent since the last call.

        Args:
            sequence: The account's, as a node says.
        """
        known, self._next = self._next, max(self._next or 0, sequence)
        return known is not None and sequence > known
