"""One thing that is asked for again and again: not too often, and less often while it fails."""

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

    Args:
        name: What is asked, for the log.
        ask: Gets an answer; raises `SourceError` when there is none.
        interval: The shortest time between an answer and the next question, in seconds. After a
            failure it is 5 s, doubled with each further one up to 60 s; and ten minutes after the
            answer that the token is unknown.

    Attributes:
        value: The newest answer, however old; none before the first one.
        error: Why the last question failed; none when it did not.
    """

    def __init__(self, name: str, ask: Callable[[], Awaitable[_Value]], interval: float) -> None:
        self._name = name
        self._ask = ask
        self._interval = interval
        self._failure_pause = _FIRST_PAUSE
        self._next = 0.0
        self._turn = asyncio.Lock()
        self.value: _Value | None = None
        self.error: SourceError | None = None

    async def refresh(self) -> None:
        """Ask, unless it is too early. Who comes while another one asks waits for that answer."""
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
