from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
import pytest_asyncio
from aiohttp import web
from allora_worker.answers import read_number
from allora_worker.model import (
    MOST_BYTES,
    Model,
    ModelBusyError,
    ModelError,
    ModelFailureKind,
    Question,
    open_session,
)
from allora_worker.timings import Timings

from tests.worker.model_server import ModelServer
from tests.worker.waiting import until

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Model]:
    async with open_session() as session:
        yield Model(session, Timings())


def question(model: ModelServer) -> Question:
    return Question(model.url + "/inference/{Token}", "BTC", 69, 1000)


async def failure(client: Model, model: ModelServer, seconds: float = 60) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await client.ask(question(model), read_number, seconds)
    return caught.value


async def test_placeholders_may_be_anywhere() -> None:
    endpoint = "http://model/{TopicId}/{Token}?h={BlockHeight}&t={TopicId}"
    asked = Question(endpoint, "A B/C", 69, 1000)
    assert asked.url == "http://model/69/A%20B%2FC?h=1000&t=69"


async def test_an_answer_comes_with_its_latency(client: Model, model: ModelServer) -> None:
    answer = await client.ask(question(model), read_number, 60)
    assert answer.value == Decimal("100.5")
    assert answer.milliseconds > 0


@pytest.mark.parametrize(
    ("text", "status", "kind"),
    [
        ("nan", 200, ModelFailureKind.NOT_A_NUMBER),
        ("1", 500, ModelFailureKind.STATUS),
        ("1", 404, ModelFailureKind.STATUS),
        ("1", 204, ModelFailureKind.STATUS),
        ("1" * (MOST_BYTES + 1), 200, ModelFailureKind.TOO_LARGE),
    ],
)
async def test_what_is_no_number_is_refused(
    client: Model, model: ModelServer, text: str, status: int, kind: ModelFailureKind
) -> None:
    model.answers(text, status)
    error = await failure(client, model)
    assert error.kind is kind
    assert model.url in str(error)


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ('{"error":"Token not supported"}', '{"error":"Token not supported"}'),
        ("\n\n  first\nsecond", "first"),
        ('{\n  "error": "Token not supported"\n}', '"error": "Token not supported"'),
        ("<!doctype html>\n<title>404 Not Found</title>", "404 Not Found"),
        ("\x1b[31mred\x1b[0m", "?[31mred?[0m"),
        ("x" * 10_000, "x" * 120),
        ("GET https://u:p@feed.example/v1?key=S3CRET failed", "GET https://feed.example/v1 failed"),
        ('{"api_key": "S3CRET", "why": "bad"}', '{"api_key": "***", "why": "bad"}'),
        ("Authorization: Bearer S3CRET", "Authorization: Bearer ***"),
        ("unknown token: DOGE", "unknown token: DOGE"),
        ('{"token": "0123456789abcdef"}', '{"token": "***"}'),
    ],
)
async def test_a_refusal_is_told_with_the_first_line_of_its_body(
    client: Model, model: ModelServer, body: str, line: str
) -> None:
    model.answers(body, 400)
    reason = str(await failure(client, model))
    assert reason == f"{model.url}/inference/BTC answers with status 400: {line}"


async def test_a_refusal_without_a_body_is_told_by_its_status(
    client: Model, model: ModelServer
) -> None:
    model.answers("", 503)
    assert str(await failure(client, model)).endswith("answers with status 503")


async def test_an_endless_refusal_is_a_refusal(client: Model, model: ModelServer) -> None:
    model.streams(b"no such token\n" * 5000, status=400)
    error = await failure(client, model)
    assert error.kind is ModelFailureKind.STATUS
    assert str(error).endswith("status 400: no such token")
    await asyncio.wait_for(model.given_up.wait(), 120)


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/inference/BTC/?key=S3CRET", "{url}/inference/BTC/"),
        ("https://other.example/x", "https://other.example/x"),
        ("http://[", "an address that is no URL"),
    ],
)
async def test_a_redirect_is_not_followed_and_its_target_is_told(
    client: Model, model: ModelServer, location: str, target: str
) -> None:
    model.answers("1", 307, Location=location)
    error = await failure(client, model)
    assert error.kind is ModelFailureKind.STATUS
    assert f"status 307, a redirect to {target.format(url=model.url)}, " in str(error)
    assert model.requests == ["/inference/BTC"]


async def test_no_secret_of_an_answer_that_is_no_number_is_told(
    client: Model, model: ModelServer
) -> None:
    model.answers("https://feed.example/?key=S3CRET")
    assert "S3CRET" not in str(await failure(client, model))


async def test_an_endless_answer_is_given_up(client: Model, model: ModelServer) -> None:
    model.streams(b"1" * 65536)
    assert (await failure(client, model)).kind is ModelFailureKind.TOO_LARGE
    await asyncio.wait_for(model.given_up.wait(), 120)


async def test_a_compressed_answer_is_not_unpacked(client: Model, model: ModelServer) -> None:
    bomb = gzip.compress(b"1" * 10_000_000, 9)[:4000]

    async def reply(request: web.Request) -> web.Response:  # noqa: ARG001
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    model.reply = reply
    assert (await failure(client, model)).kind is ModelFailureKind.NOT_A_NUMBER


async def test_a_model_that_hangs_is_given_up(client: Model, model: ModelServer) -> None:
    model.hangs()
    # Not less: within this time it must be connected to.
    assert (await failure(client, model, seconds=2)).kind is ModelFailureKind.TIMEOUT
    await asyncio.wait_for(model.given_up.wait(), 120)


async def test_a_model_that_is_not_there_is_unreachable(client: Model, model: ModelServer) -> None:
    await model.stop()
    error = await failure(client, model)
    assert error.kind is ModelFailureKind.UNREACHABLE
    assert f"nothing listens on 127.0.0.1:{model.port}" in str(error)
    assert "on 0.0.0.0 and not on 127.0.0.1" in str(error)
    await model.start()
    assert (await client.ask(question(model), read_number, 60)).value == Decimal("100.5")


async def test_an_unknown_host_is_unreachable(client: Model) -> None:
    with pytest.raises(ModelError) as caught:
        await client.ask(Question("http://model.invalid/{Token}", "BTC", 69, 1), read_number, 60)
    assert caught.value.kind is ModelFailureKind.UNREACHABLE
    assert "DNS does not find the host of model.invalid:80" in str(caught.value)


async def test_an_answer_that_breaks_off_is_unreachable(client: Model, model: ModelServer) -> None:
    async def reply(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"12")
        assert request.transport is not None
        request.transport.close()
        return response

    model.reply = reply
    assert (await failure(client, model)).kind is ModelFailureKind.UNREACHABLE


async def test_a_submission_cuts_consumers_off(client: Model, model: ModelServer) -> None:
    model.hangs()
    consumer = asyncio.create_task(client.ask_for_consumer(question(model), read_number, 60))
    await until(lambda: model.requests)
    model.answers("7")
    submission = await client.ask(question(model), read_number, 60)
    assert submission.value == 7
    with pytest.raises(ModelBusyError):
        await consumer
    assert (await client.ask_for_consumer(question(model), read_number, 60)).value == 7


async def test_while_a_submission_asks_consumers_are_turned_away(
    client: Model, model: ModelServer
) -> None:
    model.hangs()
    submission = asyncio.create_task(client.ask(question(model), read_number, 60))
    await until(lambda: model.requests)
    with pytest.raises(ModelBusyError):
        await client.ask_for_consumer(question(model), read_number, 60)
    submission.cancel()
    await asyncio.wait([submission])
    model.answers("7")
    assert (await client.ask_for_consumer(question(model), read_number, 60)).value == 7


async def test_at_most_two_consumers_are_served_at_once(client: Model, model: ModelServer) -> None:
    model.hangs()
    first = [
        asyncio.create_task(client.ask_for_consumer(question(model), read_number, 60))
        for _ in range(2)
    ]
    await until(lambda: len(model.requests) == 2)
    with pytest.raises(ModelBusyError):
        await client.ask_for_consumer(question(model), read_number, 60)
    for task in first:
        task.cancel()
    await asyncio.wait(first)
    model.answers(json.dumps({"value": 7}))
    assert (await client.ask_for_consumer(question(model), read_number, 60)).value == 7
