"""Polls a source: not too often, and less often while it fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Generic, TypeVar

from model_server.prices import SourceError, UnknownTokenError

_FIRST_PAUSE = 5.0
_LONGEST_PAUSE = 60.0
_UNKNOWN_PAUSE = 600.0

_log = logging.getLogger(__name__)
_Value = TypeVar("_Value")


class Poll(Generic[_Value]):
    """Keeps the newest answer to a question.

    After a failure it pauses for 5 s, doubled with each further one up to 60 s, and for ten minutes
    when the token is unknown.

    Args:
        name: The question, for the log.
        ask: Returns the answer, or raises `SourceError`.
        interval: Least seconds between an answer and the next question.
    """

    def __init__(self, name: str, ask: Callable[[], Awaitable[_Value]], interval: float) -> None:
        self._name = name
        self._ask = ask
        self._interval = interval
        self._failure_pause = _FIRST_PAUSE
        self._next = 0.0
        self._turn = asyncio.Lock()
        self.value: _Value | None = None
        """The newest answer, however old."""
        self.error: SourceError | None = None
        """Why the last question failed, if it did."""

    async def refresh(self) -> None:
        """Ask, unless it is too early; concurrent callers wait for the same answer."""
        async with self._turn:
            if monotonic() < self._next:
                return
            try:
                self.value = await self._ask()
            except SourceError as error:
                self._failed(error)
            else:
                self._succeeded()

    def _failed(self, error: SourceError) -> None:
        pause = _UNKNOWN_PAUSE
        if not isinstance(error, UnknownTokenError):
            pause = self._failure_pause
            self._failure_pause = min(2 * pause, _LONGEST_PAUSE)
        self._next = monotonic() + pause
        self.error = error
        _log.warning("%s: %s; asked again in %.0f s at the earliest", self._name, error, pause)

    def _succeeded(self) -> None:
        if self.error is not None:
            _log.info("%s: answers again", self._name)
        self._failure_pause = _FIRST_PAUSE
        self._next = monotonic() + self._interval
        self.error = None
