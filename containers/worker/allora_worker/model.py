"""Client of the model server: over HTTP, submissions before consumers."""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Generic, TypeVar
from urllib.parse import quote

import aiohttp

from .answers import NotAValueError
from .complaints import complaint, is_redirect
from .errors import one_line
from .limited_socket import LimitedSocket
from .timings import Timings
from .topic_facts import Facts
from .unreachable import explain, is_refused
from .urls import address_of, without_query

T = TypeVar("T")

MOST_BYTES: Final = 4 * 1024
"""Maximum size of an answer that is a number."""
MOST_BYTES_OF_SEVERAL: Final = 256 * 1024
"""Maximum size of an answer with numbers, such as one for each of some thousand inferers."""
# On one connection: the largest answer, in chunks, and its headers.
_MAX_BYTES_RECEIVED: Final = 2 * MOST_BYTES_OF_SEVERAL + 32 * 1024
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
    """The model server gave no usable answer."""

    def __init__(self, kind: ModelFailureKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


class ModelBusyError(Exception):
    """The model server is busy with a submission, or with the most consumers allowed."""


@dataclass(frozen=True)
class Question:
    """A request to the model server."""

    endpoint: str
    """URL with the placeholders {Token}, {TopicId}, {BlockHeight}, {Kind} and {Horizon}."""
    token: str
    topic_id: int
    block_height: int
    most_bytes: int = MOST_BYTES
    """Maximum size of the answer."""
    facts: Facts | None = None
    """What the topic asks for, for {Kind} and {Horizon}, which are empty if it is unknown."""

    @property
    def name(self) -> str:
        """The URL without its query, for messages."""
        return without_query(self.url)

    @property
    def url(self) -> str:
        """The endpoint with its placeholders replaced."""
        return (
            self.endpoint.replace("{Token}", quote(self.token, safe=""))
            .replace("{TopicId}", str(self.topic_id))
            .replace("{BlockHeight}", str(self.block_height))
            .replace("{Kind}", self.facts.kind if self.facts else "")
            .replace("{Horizon}", self.facts.horizon if self.facts else "")
        )


@dataclass(frozen=True)
class Answer(Generic[T]):
    """A value from the model server, and how long it took."""

    value: T
    milliseconds: float


class Model:
    """Sends requests to the model server, over a session of `open_session`."""

    def __init__(self, session: aiohttp.ClientSession, timings: Timings) -> None:
        self._session = session
        self._timings = timings
        self._submissions = 0
        self._consumers: set[asyncio.Task[object]] = set()

    async def ask(self, question: Question, read: Callable[[str], T], seconds: float) -> Answer[T]:
        """Ask for a submission; cancel the requests of consumers.

        Args:
            question: The request.
            read: Extracts the value from the answer's text, or raises `NotAValueError`.
            seconds: Limit of the whole request.

        Raises:
            ModelError: There is no usable answer.
        """
        for request in self._consumers:
            request.cancel()
        self._submissions += 1
        try:
            return await self._ask(question, read, seconds)
        finally:
            self._submissions -= 1

    async def ask_for_consumer(
        self, question: Question, read: Callable[[str], T], seconds: float
    ) -> Answer[T]:
        """Ask for a consumer, as `ask` does, unless a submission needs the model server.

        Raises:
            ModelBusyError: A submission needs it now, or before it has answered.
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
        timeout = aiohttp.ClientTimeout(
            total=seconds, connect=min(self._timings.model_connect, seconds)
        )
        try:
            async with self._session.get(
                question.url, timeout=timeout, allow_redirects=False
            ) as response:
                if response.status != _OK:
                    raise await _refusal(response, question.name)
                return await _read_text(response, question)
        except (aiohttp.ClientError, OSError) as error:
            raise _failure(question, error, seconds) from None


async def _refusal(response: aiohttp.ClientResponse, name: str) -> ModelError:
    reason = f"{name} answers with {await complaint(response)}"
    if is_redirect(response):
        reason += ", which is not followed: make that address the endpoint"
    return ModelError(ModelFailureKind.STATUS, reason)


def _failure(question: Question, error: Exception, seconds: float) -> ModelError:
    name = question.name
    if isinstance(error, OSError) and error.errno == errno.EMSGSIZE:
        return _too_large(name, _MAX_BYTES_RECEIVED)
    if isinstance(error, aiohttp.ClientPayloadError):
        reason = f"{name} broke its answer off: {one_line(error)}"
        return ModelError(ModelFailureKind.UNREACHABLE, reason)
    if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ConnectionTimeoutError):
        reason = f"{name} does not answer within {seconds:.0f} s"
        return ModelError(ModelFailureKind.TIMEOUT, reason)
    reason = explain(error, address_of(question.url))
    if is_refused(error):
        reason += "; have the model server listen there, on 0.0.0.0 and not on 127.0.0.1"
    return ModelError(ModelFailureKind.UNREACHABLE, reason)


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
            ModelFailureKind.NOT_A_NUMBER, f"{question.name} does not answer with text"
        ) from None


def _too_large(name: str, most_bytes: int) -> ModelError:
    return ModelError(
        ModelFailureKind.TOO_LARGE, f"{name} answers with more than {most_bytes} bytes"
    )


def open_session() -> aiohttp.ClientSession:
    """Return a session with a new connection for each request, as the container may be replaced.

    Without compression, so that the limit of an answer's size holds.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            force_close=True,
            use_dns_cache=False,
            limit=0,
            socket_factory=lambda address: LimitedSocket(*address[:3], _MAX_BYTES_RECEIVED),
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers={"Accept-Encoding": "identity", "User-Agent": "allora-worker"},
    )
