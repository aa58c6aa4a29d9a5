"""Stops a topic from paying for transactions that the chain rejects."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Final

from . import reports
from .errors import FailureKind, WindowLostError
from .event_names import Event
from .submitter import AttemptFailedError

_MAX_REJECTED: Final = 3


class CircuitBreaker:
    """Opens after three paid transactions in a row that the chain rejected.

    While it is open, a transaction is let through only after a pause, until one is accepted. So an
    endpoint that invents windows costs little, and a chain that recovers is noticed.
    """

    def __init__(self, topic_id: int) -> None:
        self._topic_id = topic_id
        self._rejected = 0
        self._closes_at = time.monotonic()
        self._one_at_a_time = asyncio.Lock()

    @property
    def seconds_left(self) -> float:
        """Seconds until a transaction may be paid for; 0 when it may."""
        return max(0.0, self._closes_at - time.monotonic())

    @contextlib.asynccontextmanager
    async def payment(self, pause: float) -> AsyncIterator[None]:
        """Enclose one transaction, or raise `WindowLostError` while the breaker is open.

        Args:
            pause: Seconds for which the breaker opens after too many rejections.
        """
        async with self._one_at_a_time:
            if self.seconds_left:
                raise WindowLostError(FailureKind.REJECTED, self._reason)
            try:
                yield
            except AttemptFailedError as error:
                if error.was_paid:
                    self._count_rejection(pause)
                raise
            self._rejected = 0

    def _count_rejection(self, pause: float) -> None:
        self._rejected += 1
        if self._rejected >= _MAX_REJECTED:
            self._closes_at = time.monotonic() + pause
            reports.warning(
                Event.PAYMENTS_HELD, f"topic {self._topic_id}: {self._reason}", topic=self._topic_id
            )

    @property
    def _reason(self) -> str:
        return (
            f"the chain rejected {_MAX_REJECTED} or more paid transactions in a row; the next one "
            f"is sent in {self.seconds_left:.0f} s at the earliest"
        )
