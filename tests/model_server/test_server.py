"""The HTTP contract."""

from __future__ import annotations

import pytest
from model_server.forecast import WEIGHT

from tests.model_server.conftest import Client
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
    assert await inference("?topic_id=12345") == await inference("")
    assert await inference("?topic_id=") == await inference("")


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
