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
        self._sequences[tx_hash] = sequence
        return is_new

    def settle(self, tx_hash: str) -> None:
        """Forget a transaction, because its fate is known."""
        self._sequences.pop(tx_hash, None)


@dataclass(frozen=True)
class Sending:
    """How transactions may be sent.

    Args:
        until: The last moment, of `time.monotonic()`.
        last_block: The last block that may contain them; 0 is no limit.
        sent: Those of earlier attempts.
    """

    until: float = math.inf
    last_block: int = 0
    sent: Sent = field(default_factory=Sent)


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
