"""A model that means harm: an answer costs a bounded number of bytes, and of seconds of CPU."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from allora_worker.answers import read_forecasts, read_number
from allora_worker.model import (
    MOST_BYTES,
    MOST_BYTES_OF_SEVERAL,
    Model,
    ModelError,
    ModelFailureKind,
    Question,
    open_session,
)
from allora_worker.timings import Timings

from tests.worker.hostile_model import HostileModel

pytestmark = pytest.mark.asyncio

_OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"
_MOST_CPU_SECONDS = 3.0
"""Of one answer, on a busy machine; without a limit it is as many as the question has time."""
_MOST_SENT = 32 * 1024 * 1024
"""What the kernel holds for both sides is part of it."""

_ENDLESS = {
    "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "early hints": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"),
    "headers": (_OK, b"X: y\r\n"),
    "one header": (_OK + b"X: ", b"y"),
    "status line": (b"HTTP/1.1 200 ", b"O"),
    "no HTTP": (b"", b"\x00\xff\r\n"),
    "body": (_OK + b"\r\n", b"1"),
    "body of a length": (_OK + b"Content-Length: 9999999999\r\n\r\n", b"1"),
    "chunks": (_CHUNKED, b"1\r\n1\r\n"),
    "chunk extension": (_CHUNKED + b"1;", b"x"),
    "chunk extensions": (_CHUNKED, b"1;" + b"x" * 4000 + b"\r\n1\r\n"),
    "trailers": (_CHUNKED + b"1\r\n1\r\n0\r\n", b"X: y\r\n"),
    "digits of a chunk's size": (_CHUNKED, b"0"),
}
_QUESTIONS: dict[str, tuple[int, Callable[[str], object]]] = {
    "inferer": (MOST_BYTES, read_number),
    "forecaster": (MOST_BYTES_OF_SEVERAL, read_forecasts),
}


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Model]:
    async with open_session() as session:
        yield Model(session, Timings())


async def _given_up(model: HostileModel) -> None:
    assert await asyncio.to_thread(model.given_up.wait, 30)


@pytest.mark.parametrize("role", ["inferer", "forecaster"])
@pytest.mark.parametrize("answer", _ENDLESS.values(), ids=_ENDLESS.keys())
async def test_an_answer_without_end_costs_little(
    client: Model, answer: tuple[bytes, bytes], role: str
) -> None:
    most, read = _QUESTIONS[role]
    with HostileModel(*answer) as model:
        before = time.thread_time()
        with pytest.raises(ModelError) as caught:
            await client.ask(Question(model.url + "/", "BTC", 69, 1000, most), read, 30)
        assert time.thread_time() - before < _MOST_CPU_SECONDS
        await _given_up(model)
    assert model.sent < _MOST_SENT
    assert caught.value.kind in {ModelFailureKind.TOO_LARGE, ModelFailureKind.UNREACHABLE}
    assert len(str(caught.value)) < 500


async def test_it_is_said_that_there_was_too_much_before_the_answer(client: Model) -> None:
    with HostileModel(*_ENDLESS["continue"]) as model:
        with pytest.raises(ModelError) as caught:
            await client.ask(Question(model.url + "/", "BTC", 69, 1000), read_number, 30)
        assert caught.value.kind is ModelFailureKind.TOO_LARGE
        assert f"{model.url}/ answers with more than " in str(caught.value)


@pytest.mark.parametrize(
    ("begin", "again"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (_OK + b"X: ", b"y"),
        (_OK + b"Content-Length: 4000\r\n\r\n", b"1"),
        (_CHUNKED, b"1\r\n1\r\n"),
    ],
    ids=["continue", "header", "body", "chunks"],
)
async def test_a_trickle_is_no_longer_than_the_question_s_time(
    client: Model, begin: bytes, again: bytes
) -> None:
    with HostileModel(begin, again, pause=0.1) as model:
        before = time.thread_time()
        with pytest.raises(ModelError) as caught:
            await client.ask(Question(model.url + "/", "BTC", 69, 1000), read_number, 2)
        assert caught.value.kind is ModelFailureKind.TIMEOUT
        assert time.thread_time() - before < _MOST_CPU_SECONDS
        await _given_up(model)


async def test_answers_behind_the_answer_are_not_read(client: Model) -> None:
    answer = _OK + b"Content-Length: 1\r\n\r\n7"
    with HostileModel(answer, answer) as model:
        before = time.thread_time()
        question = Question(model.url + "/", "BTC", 69, 1000)
        assert (await client.ask(question, read_number, 30)).value == 7
        assert time.thread_time() - before < _MOST_CPU_SECONDS
        await _given_up(model)


@pytest.mark.parametrize("again", [b"a.", b"<a", b"a://", b"token:", b"secret "])
async def test_a_quotation_of_the_longest_answer_costs_little(client: Model, again: bytes) -> None:
    size = MOST_BYTES_OF_SEVERAL
    with HostileModel(_OK + b"Content-Length: %d\r\n\r\n" % size, again) as model:
        before = time.thread_time()
        question = Question(model.url + "/", "BTC", 69, 1000, size)
        with pytest.raises(ModelError) as caught:
            await client.ask(question, read_forecasts, 30)
        assert time.thread_time() - before < _MOST_CPU_SECONDS
    assert caught.value.kind is ModelFailureKind.NOT_A_NUMBER
