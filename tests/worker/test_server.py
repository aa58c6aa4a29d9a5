from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.web_protocol import RequestHandler
from allora_worker.model import ModelFailureKind
from allora_worker.rate_limit import RateLimit
from yarl import URL

from devtools.fake_chain import FakeChain
from tests.worker.model_server import ModelServer
from tests.worker.running import ADDRESS, Worker
from tests.worker.timings import QUICK
from tests.worker.waiting import until

pytestmark = pytest.mark.asyncio

Start = Callable[..., Awaitable[Worker]]
TOKEN = "a-consumers-token"


@pytest.fixture
def token(secrets: Path) -> None:
    (secrets / "inference-token").write_text(TOKEN + "\n")


async def get(
    worker: Worker, path: str, authorization: str | None = f"Bearer {TOKEN}", method: str = "GET"
) -> tuple[int, Any, Any]:
    """Status, text or JSON, and headers of an answer."""
    await until(lambda: worker.service.port)
    headers = {} if authorization is None else {"Authorization": authorization}
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, URL(worker.url + path, encoded=True), headers=headers) as answer,
    ):
        is_json = answer.content_type == "application/json"
        return answer.status, await (answer.json() if is_json else answer.text()), answer.headers


async def test_health_tells_everything_but_secrets(chain: FakeChain, start: Start) -> None:
    worker = await start(chain)
    await until(lambda: worker.service.status.balance_allo)
    await until(lambda: worker.service.status.model.state == "ok")
    nonce = chain.open_window(69)
    await until(lambda: worker.topic().submissions)
    report = await worker.health()
    assert report.pop("http_status") == 200
    assert report.pop("uptime_seconds") >= 0
    assert report["balance_allo"] == pytest.approx(1000, abs=1)
    [topic] = report["topics"]
    assert topic["last_submission"]["nonce"] == nonce
    assert topic["last_submission"]["value"] == "100.5"
    assert len(topic["last_submission"]["tx_hash"]) == 64
    assert topic["seconds_since_success"] < 60
    assert topic["state"] in {"waiting", "working"}
    assert (topic["submissions"], topic["failures"]) == (1, {})
    assert report["model"]["state"] == "ok"
    assert report["model"]["latency_ms"] > 0
    assert {key: report[key] for key in ("status", "reason", "version", "network", "role")} == {
        "status": "healthy",
        "reason": None,
        "version": version("allora-sdk"),
        "network": "local",
        "role": "inferer",
    }
    assert report["address"] == ADDRESS
    assert "abandon" not in str(report)


async def test_a_fleet_s_worker_writes_its_health_to_the_log(
    chain: FakeChain, start: Start
) -> None:
    worker = await start(chain, ALLORA_FLEET="my-fleet")

    async def is_logged() -> bool:
        health = await worker.health()
        told = worker.log.events("status")[-1]["health"]
        return without_time(told) == without_time(health)

    def without_time(report: dict[str, Any]) -> dict[str, Any]:
        changing = {"uptime_seconds", "http_status", "topics"}
        topics = [
            {name: value for name, value in topic.items() if name != "seconds_since_success"}
            for topic in report["topics"]
        ]
        return {
            **{name: value for name, value in report.items() if name not in changing},
            "topics": topics,
        }

    await until(lambda: worker.log.events("status"))
    chain.open_window(69)
    await until(lambda: worker.topic().submissions)
    while not await is_logged():
        await asyncio.sleep(0.1)


async def test_the_single_host_s_worker_does_not_for_it_is_asked(
    chain: FakeChain, start: Start
) -> None:
    worker = await start(chain)
    await until(lambda: worker.log.metrics("WindowsSinceSuccess"))
    assert not worker.log.events("status")


async def test_health_is_there_before_the_chain_is(chain: FakeChain, start: Start) -> None:
    await chain.behave(frozen=True)
    worker = await start(chain, ready=False)
    report = await worker.health()
    assert report["http_status"] == 503
    assert report["topics"][0]["state"] in {"starting", "chain_unavailable"}


async def test_a_model_that_is_not_ready_is_waited_for_visibly(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    await model.stop()
    worker = await start(chain)
    await until(lambda: worker.service.status.model.failures[ModelFailureKind.UNREACHABLE] > 2)
    report = await worker.health()
    assert report["model"]["state"] == "failing"
    assert f"127.0.0.1:{model.port}" in report["model"]["reason"]
    assert len(worker.log.events("model_failed")) == 1
    await model.start()
    await until(lambda: worker.log.events("model_works"))


async def test_keys_in_urls_are_shown_to_nobody(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    await model.stop()
    worker = await start(
        chain,
        ready=False,
        ALLORA_GRPC_URL="grpc+http://user:hush@127.0.0.1:9",
        ALLORA_WEBSOCKET_URL=chain.websocket_url + "/hush?key=hush",
        ALLORA_WORKER_INFERENCE_ENDPOINT=model.url.replace("//", "//user:hush@") + "/b?key=hush",
    )
    await until(lambda: worker.topic().state == "chain_unavailable")
    await until(lambda: worker.service.status.model.failures[ModelFailureKind.UNREACHABLE])
    await until(lambda: worker.log.events("websocket_failed"))
    assert "hush" not in str(await worker.health())
    assert "hush" not in worker.log.getvalue()
    await model.start()


@pytest.mark.usefixtures("token")
async def test_a_consumer_gets_the_models_number(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    worker = await start(chain)
    model.answers('{"value": 67123.4500}')
    status, text, headers = await get(worker, "/inference/ETH")
    assert (status, text) == (200, "67123.4500")
    assert headers["Content-Type"].startswith("text/plain")
    assert model.requests[-1] == "/inference/ETH"


async def test_without_a_token_nobody_gets_anything(
    chain: FakeChain, model: ModelServer, start: Start, secrets: Path
) -> None:
    worker = await start(chain, ALLORA_WORKER_ROLE="forecaster")
    for authorization in (None, "Bearer ", f"Bearer {TOKEN}"):
        status, body, _ = await get(worker, "/inference/BTC", authorization)
        assert status == 403
        assert "allora secret set inference-token" in body["error"]
    (secrets / "inference-token").write_text("\n")
    assert (await get(worker, "/inference/BTC", "Bearer "))[0] == 403
    assert model.requests == []


@pytest.mark.usefixtures("token")
@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", "Bearer é"],
)
async def test_a_wrong_token_is_refused(
    chain: FakeChain, start: Start, authorization: str | None
) -> None:
    worker = await start(chain)
    status, body, headers = await get(worker, "/inference/BTC", authorization)
    assert status == 401
    assert headers["WWW-Authenticate"] == "Bearer"
    assert TOKEN not in str(body)


@pytest.mark.usefixtures("token")
async def test_bytes_that_are_no_text_are_a_wrong_token(chain: FakeChain, start: Start) -> None:
    worker = await start(chain)
    reader, writer = await asyncio.open_connection("127.0.0.1", worker.service.port)
    writer.write(b"GET /inference/BTC HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xe9\r\n\r\n")
    assert b"HTTP/1.1 401" in await asyncio.wait_for(_read(reader), 15)
    writer.close()


@pytest.mark.usefixtures("token")
async def test_a_consumer_who_is_gone_asks_for_nothing(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    worker = await start(chain, ALLORA_WORKER_ROLE="forecaster")
    model.hangs()
    consumer = asyncio.create_task(get(worker, "/inference/BTC"))
    await until(lambda: model.requests)
    consumer.cancel()
    await asyncio.wait_for(model.given_up.wait(), 120)


@pytest.mark.usefixtures("token")
async def test_a_new_token_counts_at_once(chain: FakeChain, start: Start, secrets: Path) -> None:
    worker = await start(chain)
    (secrets / "inference-token").write_text("another")
    assert (await get(worker, "/inference/BTC"))[0] == 401
    assert (await get(worker, "/inference/BTC", "Bearer another"))[0] == 200


@pytest.mark.usefixtures("token")
@pytest.mark.parametrize(
    "asked",
    ["B%2FC", "x" * 65, "b$c", "%2e%2e", "%2E", "...", "%2e%2e%2fhealth", "%5c", "%00", "%C3%A9"],
)
async def test_a_token_that_is_none_is_not_found(
    chain: FakeChain, model: ModelServer, start: Start, asked: str
) -> None:
    worker = await start(chain, ALLORA_WORKER_ROLE="forecaster")
    assert (await get(worker, f"/inference/{asked}"))[0] == 404
    assert model.requests == []


@pytest.mark.usefixtures("token")
async def test_other_paths_and_methods_are_refused_in_json(chain: FakeChain, start: Start) -> None:
    worker = await start(chain)
    for path, method, expected in (
        ("/", "GET", 404),
        ("/inference/", "GET", 404),
        ("/inference/BTC", "POST", 405),
    ):
        status, body, _ = await get(worker, path, method=method)
        assert status == expected
        assert body["error"]


@pytest.mark.usefixtures("token")
async def test_too_many_requests_are_told_when_to_come_back(
    chain: FakeChain, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The clock stands still: nothing is permitted again while the requests are made.
    limit = partial(RateLimit, monotonic=lambda: 0.0)
    monkeypatch.setattr("allora_worker.server.RateLimit", limit)
    worker = await start(chain)
    statuses = []
    for _ in range(12):
        status, _, headers = await get(worker, "/inference/BTC")
        statuses.append(status)
        if status == 429:
            assert int(headers["Retry-After"]) >= 1
    assert statuses == [200] * 10 + [429] * 2


@pytest.mark.usefixtures("token")
@pytest.mark.parametrize(
    ("text", "status", "expected"), [("NaN", 200, 502), ("1", 500, 502), ("1" * 5000, 200, 502)]
)
async def test_a_model_without_a_number_is_a_bad_gateway(
    chain: FakeChain, model: ModelServer, start: Start, text: str, status: int, expected: int
) -> None:
    worker = await start(chain)
    model.answers(text, status)
    answered, body, _ = await get(worker, "/inference/BTC")
    assert answered == expected
    assert model.url not in body["error"]


@pytest.mark.usefixtures("token")
async def test_a_model_that_is_down_is_a_bad_gateway(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    worker = await start(chain)
    await until(lambda: worker.service.status.model.state == "ok")
    await model.stop()
    assert (await get(worker, "/inference/BTC"))[0] == 502
    await model.start()


@pytest.mark.usefixtures("token")
async def test_a_model_that_takes_too_long_is_a_timeout(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    worker = await start(chain, timings=dataclasses.replace(QUICK, consumer_answer=2.0))
    await until(lambda: worker.service.status.model.state == "ok")
    model.hangs()
    assert (await get(worker, "/inference/BTC"))[0] == 504


@pytest.mark.usefixtures("token")
async def test_a_submission_goes_before_consumers(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    worker = await start(chain)
    await until(lambda: worker.service.status.model.state == "ok")
    answering = asyncio.Event()

    async def reply(request: web.Request) -> web.Response:  # noqa: ARG001
        await answering.wait()
        return web.Response(text="100.5")

    model.reply = reply
    before = len(model.requests)
    consumer = asyncio.create_task(get(worker, "/inference/BTC"))
    await until(lambda: len(model.requests) > before)
    chain.open_window(69)
    # Not 20: then the connection would be closed, and aiohttp's client would ask a second time.
    status, _, headers = await asyncio.wait_for(consumer, 15)
    assert status == 503
    assert headers["Retry-After"]
    await until(lambda: len(model.requests) > before + 1)
    assert (await get(worker, "/inference/BTC"))[0] == 503
    answering.set()
    await until(lambda: worker.topic().submissions)


@pytest.fixture
def no_keepalive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it, aiohttp too would close a connection without a request, after five seconds."""
    monkeypatch.setattr(RequestHandler, "_process_keepalive", lambda _: None)


@pytest.mark.usefixtures("no_keepalive")
async def test_connections_without_a_request_are_closed(
    chain: FakeChain, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("allora_worker.public_listener._SECONDS", 0.3)
    worker = await start(chain)
    reader, writer = await asyncio.open_connection("127.0.0.1", worker.service.port)
    writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n")
    await writer.drain()
    assert b"200" not in await asyncio.wait_for(_read(reader), 15)  # not 20, as unpatched
    writer.close()


async def test_one_connection_serves_one_request(chain: FakeChain, start: Start) -> None:
    worker = await start(chain)
    reader, writer = await asyncio.open_connection("127.0.0.1", worker.service.port)
    writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
    answer = await asyncio.wait_for(_read(reader), 15)
    assert answer.count(b"HTTP/1.1 200") == 1
    assert b"Connection: close" in answer
    writer.close()


async def test_a_huge_header_is_refused(chain: FakeChain, start: Start) -> None:
    worker = await start(chain)
    reader, writer = await asyncio.open_connection("127.0.0.1", worker.service.port)
    writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 100_000 + b"\r\n\r\n")
    answer = await asyncio.wait_for(_read(reader), 15)
    assert b"HTTP/1.1 200" not in answer
    writer.close()


async def _read(reader: asyncio.StreamReader) -> bytes:
    """Everything until the connection is closed, in whatever way."""
    content = b""
    try:
        while chunk := await reader.read(65536):
            content += chunk
    except ConnectionError:
        pass
    return content
