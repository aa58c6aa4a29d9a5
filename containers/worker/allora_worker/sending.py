"""Limits of what is sent: until when, until which block, and never twice."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field


class Sent:
    """The transactions of one submission that may be in a block, now or later."""

    def __init__(self) -> None:
        self._sequences: dict[str, int] = {}
        self.newest: int | None = None
        """The sequence of the newest one that a node may have taken; None before the first."""

    @property
    def hashes(self) -> list[str]:
        """Their hashes, the oldest first."""
        return list(self._sequences)

    def excludes(self, sequence: int) -> bool:
        """Return whether a transaction of a sequence could be in a block beside one of them.

        The chain takes one transaction of each sequence.
        """
        return any(sent != sequence for sent in self._sequences.values())

    def add(self, tx_hash: str, sequence: int) -> bool:
        """Record a transaction before it is sent; return False if it was sent before."""
        is_new = tx_hash not in self._sequences
        self._sequences[tx_hash] = self.newest = sequence
        return is_new

    def settle(self, tx_hash: str) -> None:
        """Forget a transaction, because its fate is known."""
        self._sequences.pop(tx_hash, None)

    def refused(self, tx_hash: str) -> None:
        """Forget a transaction that is in no block, because the node did not take it."""
        self.newest = None
        self.settle(tx_hash)


@dataclass(frozen=True)
class Sending:
    """How transactions may be sent.

    Args:
        until: The last moment, of `time.monotonic()`.
        last_block: The last block that may contain them; 0 is no limit.
        sent: Those of earlier attempts.
        again: Whether the SDK may send one again whose sequence somebody else has used.
    """

    until: float = math.inf
    last_block: int = 0
    sent: Sent = field(default_factory=Sent)
    again: bool = True


_current: ContextVar[Sending] = ContextVar("sending")


@contextlib.contextmanager
def sending(limits: Sending) -> Iterator[None]:
    """Hold all tasks that start in this context to limits, and the tasks that these start."""
    token = _current.set(limits)
    try:
        yield
    finally:
        _current.reset(token)


def current_sending() -> Sending:
    """Return the limits of the current task."""
    return _current.get(Sending())
