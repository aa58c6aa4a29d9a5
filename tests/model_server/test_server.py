"""The HTTP contract."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from model_server.forecast import WEIGHT
from model_server.market import Market
from model_server.server import Server
from model_server.settings import read_settings

from tests.model_server.conftest import Client, TestClient, TestServer
from tests.model_server.exchanges import Exchanges

pytestmark = pytest.mark.asyncio


async def test_an_inference_is_a_plain_number(client: Client, exchanges: Exchanges) -> None:
    for exchange in exchanges.all():
        exchange.day_ago = 60000.0
    answer = await client.get("/inference/BTC?topic_id=69&block_height=1054")
    assert answer.status == 200
    assert answer.content_type == "text/plain"
    text = await answer.text()
    assert float(text) == pytest.approx(64000.0 * (64000 / 60000) ** WEIGHT)
    assert text == "63834.99446"


async def test_the_topic_chooses_the_horizon(client: Client, exchanges: Exchanges) -> None:
    for exchange in exchanges.all():
        exchange.day_ago = 60000.0

    async def inference(query: str) -> float:
        return float(await (await client.get(f"/inference/BTC{query}")).text())

    assert await inference("?topic_id=77") == pytest.approx(64000, abs=1)
    assert await inference("?topic_id=69") == pytest.approx(63835, abs=1)
    assert await inference("") == await inference("?topic_id=69")
    assert await inference("?topic_id=") == await inference("")
    assert await inference("?topic_id=12345&kind=price&horizon=5min") == await inference(
        "?topic_id=77"
    )
    assert await inference("?topic_id=77&kind=price&horizon=1d") == await inference("?topic_id=69")
    assert await inference("?topic_id=77&kind=&horizon=") == await inference("?topic_id=77")


@pytest.mark.parametrize("horizon", ["5min", "8h", "1d", "7d"])
@pytest.mark.parametrize("day_ago", [60000.0, 64000.0, 63999.0, 200000.0])
async def test_a_log_return_is_that_of_the_forecast_price(
    client: Client, exchanges: Exchanges, horizon: str, day_ago: float
) -> None:
    for exchange in exchanges.all():
        exchange.price, exchange.day_ago = 64123.45, day_ago
    query = {"topic_id": "1", "horizon": horizon}
    price = await client.get("/inference/BTC", params=query | {"kind": "price"})
    log_return = await client.get("/inference/BTC", params=query | {"kind": "log-return"})
    assert (price.status, log_return.status) == (200, 200)
    expected = math.log(float(await price.text()) / 64123.45)
    assert float(await log_return.text()) == pytest.approx(expected, abs=1e-9)


async def test_without_a_forecast_the_log_return_is_zero(client: Client) -> None:
    answer = await client.get("/inference/BTC?kind=log-return&horizon=8h")
    assert await answer.text() == "0"


async def test_a_volatility_is_that_of_the_past_minutes(
    client: Client, exchanges: Exchanges
) -> None:
    for exchange in exchanges.all():
        exchange.swing = 0.001
    answer = await client.get("/inference/BTC?topic_id=79&kind=volatility&horizon=15min")
    assert answer.status == 200, await answer.text()
    # Each minute's log return is 0.001: over 15 minutes the root of 15 of their squares.
    assert float(await answer.text()) == pytest.approx(0.001 * math.sqrt(15), rel=1e-6)


async def test_a_volatility_without_minutes_says_why(client: Client, exchanges: Exchanges) -> None:
    for exchange in exchanges.all():
        exchange.age = 1000.0
    answer = await client.get("/inference/BTC?kind=volatility&horizon=15min")
    assert answer.status == 503
    assert "kraken: no trades in the last 15 minutes" in (await answer.json())["error"]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("topic_id=12345", "topic 12345: what it asks for is not known here; if that is a coin's"),
        ("topic_id=87&kind=classification&horizon=24h", "topic 87: this server forecasts price, "),
        ("topic_id=1&kind=volatility&horizon=1d", "volatilities over 5min to 4h, not over 86400"),
        ("topic_id=1&kind=price&horizon=", "topic 1: '' is no horizon"),
        ("kind=log-return&horizon=soon", "'soon' is no horizon"),
    ],
)
async def test_what_it_cannot_serve_it_refuses_with_the_reason(
    client: Client, exchanges: Exchanges, query: str, reason: str
) -> None:
    answer = await client.get(f"/inference/BTC?{query}")
    assert answer.status == 400
    assert reason in (await answer.json())["error"]
    assert not exchanges.requests


@pytest_asyncio.fixture
async def told(environment: dict[str, str], market: Market) -> AsyncIterator[Client]:
    """A server that knows topics, and whose operator has set horizons."""
    environment |= {
        "TOPICS": "61=log-return:1d,79=volatility:15min",
        "TOPIC_HORIZONS": "61=8h,5=1h,79=1d",
    }
    server = Server(read_settings(environment), market)
    async with TestClient(TestServer(server.application())) as client:
        yield client


async def test_the_operators_horizons_win(told: Client, exchanges: Exchanges) -> None:
    for exchange in exchanges.all():
        exchange.day_ago = 60000.0

    async def inference(query: str) -> str:
        return await (await told.get(f"/inference/BTC?{query}")).text()

    assert await inference("topic_id=61") == await inference("kind=log-return&horizon=8h")
    assert await inference("topic_id=5") == await inference("kind=price&horizon=1h")
    assert await inference("topic_id=61&kind=price&horizon=7d") == await inference(
        "kind=price&horizon=8h"
    )
    assert "not over 86400 s" in await inference("topic_id=79")


async def test_only_prices_have_a_ground_truth_here(told: Client) -> None:
    answer = await told.get("/ground-truth/BTC?topic_id=61&block_height=1054")
    assert answer.status == 400
    assert "not of a log-return" in (await answer.json())["error"]


async def test_small_prices_have_no_exponent(client: Client, exchanges: Exchanges) -> None:
    for exchange in exchanges.all():
        exchange.price = exchange.day_ago = 0.0000123456789
    assert await (await client.get("/ground-truth/ETH")).text() == "0.0000123456789"


async def test_other_tokens_are_served_in_any_case(client: Client, exchanges: Exchanges) -> None:
    assert (await client.get("/inference/eth")).status == 200
    assert "/products/ETH-USD/ticker" in exchanges.urls


async def test_the_ground_truth_is_the_price_now(client: Client, exchanges: Exchanges) -> None:
    for exchange in exchanges.all():
        exchange.day_ago = 60000.0
    answer = await client.get("/ground-truth/BTC?topic_id=69&block_height=1054")
    assert (answer.status, await answer.text()) == (200, "64000")


async def test_forecasts_of_losses_are_not_made_up(client: Client) -> None:
    answer = await client.get("/forecast/BTC?topic_id=69&block_height=1054")
    assert answer.status == 501
    assert "Bring your own model" in (await answer.json())["error"]


@pytest.mark.parametrize("path", ["/inference/NOPE", "/ground-truth/NOPE"])
async def test_an_unknown_token(client: Client, path: str) -> None:
    answer = await client.get(path)
    assert answer.status == 400
    assert (await answer.json())["error"] == (
        "no source has a price of NOPE in US dollars. Ask for another coin's symbol."
    )


@pytest.mark.parametrize(
    "path", ["/inference/BTC-USD", "/inference/%0aBTC", "/inference/" + "A" * 11]
)
async def test_what_is_no_symbol_is_asked_of_nobody(
    client: Client, exchanges: Exchanges, path: str
) -> None:
    answer = await client.get(path)
    assert answer.status == 400
    assert "as in /inference/BTC" in (await answer.json())["error"]
    assert not exchanges.requests


@pytest.mark.parametrize("topic", ["x", "-1", "1.5", "9" * 21, "٣"])
async def test_a_topic_is_a_number(client: Client, topic: str) -> None:
    assert (await client.get("/inference/BTC", params={"topic_id": topic})).status == 400


@pytest.mark.parametrize("path", ["/inference/BTC", "/ground-truth/BTC"])
async def test_without_prices_it_says_why(client: Client, exchanges: Exchanges, path: str) -> None:
    for exchange in exchanges.all():
        exchange.body = b"<html>"
    answer = await client.get(path)
    assert answer.status == 503
    assert "kraken: malformed answer" in (await answer.json())["error"]


async def test_it_is_healthy_once_there_is_a_price(client: Client) -> None:
    before = await client.get("/health")
    assert before.status == 503
    assert await before.json() == {
        "status": "no price",
        "reason": "no price of BTC: coinbase: not asked yet; kraken: not asked yet;"
        " bitstamp: not asked yet",
    }
    await client.get("/inference/BTC")
    after = await client.get("/health")
    assert after.status == 200
    assert await after.json() == {
        "status": "ok",
        "token": "BTC",
        "price": 64000.0,
        "price_day_ago": 64000.0,
        "forecast": 64000.0,
        "horizon_seconds": 86400.0,
        "sources": {"coinbase": "ok", "kraken": "ok", "bitstamp": "ok"},
    }


async def test_health_asks_nobody(client: Client, exchanges: Exchanges) -> None:
    await client.get("/health")
    assert not exchanges.requests
