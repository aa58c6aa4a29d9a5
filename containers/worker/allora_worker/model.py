"""The model server: asked over HTTP, for submissions first and for consumers when it is free."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Generic, TypeVar
from urllib.parse import quote

import aiohttp

from .answers import NotAValueError
from .errors import one_line
from .timings import Timings
from .urls import without_query

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

T = TypeVar("T")

MOST_BYTES: Final = 4 * 1024
"""Of an answer that is a number."""
MOST_BYTES_OF_FORECASTS: Final = 256 * 1024
"""Of an answer with a number for each of some thousand inferers."""
_MOST_BYTES_RECEIVED: Final = 2 * MOST_BYTES_OF_FORECASTS + 32 * 1024
"""On one connection: the largest answer, in chunks if it likes, and its headers."""
_BYTES_AT_ONCE: Final = 16 * 1024
_MOST_CONSUMERS: Final = 2
_OK: Final = 200


class ModelFailureKind(StrEnum):
    """How the model server failed a request."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    STATUS = "status"
    TOO_LARGE = "too_large"
    NOT_A_NUMBER = "not_a_number"


class ModelError(Exception):
    """The model server gave no usable answer.

    Args:
        kind: How it failed.
        reason: The same for people.
    """

    def __init__(self, kind: ModelFailureKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


class ModelBusyError(Exception):
    """The model server works for a submission, or for as many consumers as it may at once."""


@dataclass(frozen=True)
class Question:
    """What the model server is asked.

    Args:
        endpoint: URL with the placeholders {Token}, {TopicId} and {BlockHeight}.
        token: In the place of {Token}.
        topic_id: In the place of {TopicId}.
        block_height: In the place of {BlockHeight}.
        most_bytes: An answer with more is refused, and not read to its end.
    """

    endpoint: str
    token: str
    topic_id: int
    block_height: int
    most_bytes: int = MOST_BYTES

    @property
    def name(self) -> str:
        """The URL for people."""
        return without_query(self.url)

    @property
    def url(self) -> str:
        """The endpoint with values in the places of its placeholders."""
        return (
            self.endpoint.replace("{Token}", quote(self.token, safe=""))
            .replace("{TopicId}", str(self.topic_id))
            .replace("{BlockHeight}", str(self.block_height))
        )


@dataclass(frozen=True)
class Answer(Generic[T]):
    """What the model server answered."""

    value: T
    milliseconds: float


class Model:
    """The model server.

    Args:
        session: Sends the requests.
        timings: How long to wait for what.
    """

    def __init__(self, session: aiohttp.ClientSession, timings: Timings) -> None:
        self._session = session
        self._timings = timings
        self._submissions = 0
        self._consumers: set[asyncio.Task[object]] = set()

    async def ask(self, question: Question, read: Callable[[str], T], seconds: float) -> Answer[T]:
        """Asks for a submission. Requests of consumers that are under way are given up for it.

        Args:
            question: What to ask.
            read: Takes the value out of the answer's text.
            seconds: For the whole request.

        Raises:
            ModelError: There is no usable answer.
        """
        async with self._for_submission():
            return await self._ask(question, read, seconds)

    async def ask_for_consumer(
        self, question: Question, read: Callable[[str], T], seconds: float
    ) -> Answer[T]:
        """Asks for somebody else, unless the model server is needed for a submission.

        Raises:
            ModelBusyError: It is needed, or becomes so before it has answered.
            ModelError: There is no usable answer.
        """
        if self._submissions or len(self._consumers) >= _MOST_CONSUMERS:
            raise ModelBusyError
        request = asyncio.create_task(self._ask(question, read, seconds))
        self._consumers.add(request)
        try:
            await asyncio.wait([request])
            if request.cancelled():
                raise ModelBusyError
            return request.result()
        finally:
            request.cancel()
            self._consumers.discard(request)

    @contextlib.asynccontextmanager
    async def _for_submission(self) -> AsyncIterator[None]:
        for request in self._consumers:
            request.cancel()
        self._submissions += 1
        try:
            yield
        finally:
            self._submissions -= 1

    async def _ask(self, question: Question, read: Callable[[str], T], seconds: float) -> Answer[T]:
        started = time.monotonic()
        text = await self._get(question, seconds)
        try:
            value = read(text)
        except NotAValueError as error:
            raise ModelError(
                ModelFailureKind.NOT_A_NUMBER, f"{question.name} answers {one_line(error)}"
            ) from None
        return Answer(value, (time.monotonic() - started) * 1000)

    async def _get(self, question: Question, seconds: float) -> str:
        url, name = question.url, question.name
        timeout = aiohttp.ClientTimeout(
            total=seconds, connect=min(self._timings.model_connect, seconds)
        )
        try:
            async with self._session.get(url, timeout=timeout, allow_redirects=False) as response:
                if response.status != _OK:
                    raise ModelError(
                        ModelFailureKind.STATUS, f"{name} answers with status {response.status}"
                    )
                return await _read_text(response, question)
        except aiohttp.ConnectionTimeoutError:
            raise ModelError(
                ModelFailureKind.UNREACHABLE, f"{name} cannot be connected to in time"
            ) from None
        except TimeoutError:
            raise ModelError(
                ModelFailureKind.TIMEOUT, f"{name} does not answer within {seconds:.0f} s"
            ) from None
        except aiohttp.ClientPayloadError as error:
            raise ModelError(
                ModelFailureKind.UNREACHABLE, f"{name} broke its answer off: {one_line(error)}"
            ) from None
        except (aiohttp.ClientError, OSError) as error:
            if isinstance(error, OSError) and error.errno == errno.EMSGSIZE:
                raise _too_large(name, _MOST_BYTES_RECEIVED) from None
            raise ModelError(
                ModelFailureKind.UNREACHABLE, f"{name} cannot be reached: {one_line(error)}"
            ) from None


async def _read_text(response: aiohttp.ClientResponse, question: Question) -> str:
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > question.most_bytes:
            response.close()
            raise _too_large(question.name, question.most_bytes)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ModelError(
            ModelFailureKind.NOT_A_NUMBER, f"{question.name} answers with what is no text"
        ) from None


def _too_large(name: str, most_bytes: int) -> ModelError:
    return ModelError(
        ModelFailureKind.TOO_LARGE, f"{name} answers with more than {most_bytes} bytes"
    )


class _FrugalSocket(socket.socket):
    """A socket that fails with EMSGSIZE once it has received more than an answer has.

    aiohttp bounds an answer's lines and headers, but neither how many `100 Continue` come before it
    nor what surrounds its chunks. What comes at once is little, so that other tasks get a turn.
    """

    _left = _MOST_BYTES_RECEIVED

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        data = super().recv(min(bufsize, _BYTES_AT_ONCE), flags)
        self._count(len(data))
        return data

    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0, /) -> int:
        """What asyncio calls for TLS."""
        size = super().recv_into(buffer, nbytes, flags)
        self._count(size)
        return size

    def _count(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise OSError(errno.EMSGSIZE, "more than an answer has")


def open_session() -> aiohttp.ClientSession:
    """A session for the model server: a new connection each time, as it may have been replaced.

    No proxy, cookies or compression: it is a container in the same network, and the limit of
    the answer's size holds for what is unpacked.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            force_close=True,
            use_dns_cache=False,
            limit=0,
            socket_factory=lambda address: _FrugalSocket(*address[:3]),
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers={"Accept-Encoding": "identity", "User-Agent": "allora-worker"},
    )
