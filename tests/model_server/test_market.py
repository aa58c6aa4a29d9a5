"""Prices from exchanges that are well, and from ones that are not."""

from __future__ import annotations

import asyncio
import gzip
import logging
import re

import pytest
from model_server.feed import close_at
from model_server.fetch import new_session
from model_server.market import Market, NoPriceError, NoSuchTokenError, Price
from model_server.prices import Candle, SourceError
from model_server.settings import read_settings

from tests.model_server.conftest import Clock
from tests.model_server.exchanges import Exchanges
from tests.worker.waiting import until

pytestmark = pytest.mark.asyncio

BOMB = gzip.compress(b"[" + b" " * 100_000_000 + b"]")


async def price_of(market: Market) -> Price:
    return await price_of_token(market, "BTC")


async def price_of_token(market: Market, token: str) -> Price:
    await market.token(token).refresh()
    return market.token(token).price()


async def test_the_median_of_three_exchanges(market: Market, exchanges: Exchanges) -> None:
    exchanges.coinbase.price, exchanges.kraken.price, exchanges.bitstamp.price = 100.0, 102.0, 103.0
    exchanges.coinbase.day_ago = exchanges.kraken.day_ago = exchanges.bitstamp.day_ago = 90.0
    assert await price_of(market) == Price(102.0, 90.0, ("coinbase", "kraken", "bitstamp"))


async def test_one_that_lies_is_left_out_and_reported_once(
    market: Market, exchanges: Exchanges, caplog: pytest.LogCaptureFixture
) -> None:
    exchanges.kraken.price = 6.4
    price = await price_of(market)
    market.token("BTC").price()
    assert price.now == 64000.0
    assert price.sources == ("coinbase", "bitstamp")
    assert [record.getMessage() for record in caplog.records] == [
        "kraken: BTC at 6.4 is left out: too far from the others"
    ]


async def test_two_that_disagree_are_no_price(market: Market, exchanges: Exchanges) -> None:
    exchanges.coinbase.status = 500
    exchanges.kraken.price = 6.4
    with pytest.raises(NoPriceError, match=r"the sources disagree: kraken 6\.4, bitstamp 64000"):
        await price_of(market)


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ({"status": 500}, "HTTP 500"),
        ({"status": 429, "body": b""}, "HTTP 429$"),
        ({"status": 429, "body": b"\nslow\x07 down\nplease"}, r"HTTP 429: slow\? down$"),
        (
            {"status": 302, "body": b"", "headers": {"Location": "/elsewhere"}},
            "HTTP 302, a redirect to /elsewhere$",
        ),
        ({"age": 3600.0}, "stale|no trades"),
        ({"body": b"<html>Service unavailable</html>"}, "malformed answer"),
        ({"body": b""}, "malformed answer"),
        ({"body": b"null"}, "malformed answer"),
        ({"body": b"{}"}, "malformed answer"),
        ({"body": b'{"error": [], "result": [], "data": [], "time": 1}'}, "malformed answer"),
        ({"body": b"\xff\xfe"}, "malformed answer"),
        ({"body": b"[" * 900_000}, "malformed answer"),
        ({"body": BOMB, "headers": {"Content-Encoding": "gzip"}}, "malformed answer"),
        ({"body": b"[" + b" " * 1_000_000 + b"]"}, "more than 1000000 bytes"),
        ({"price": float("nan")}, "a number that is nan|malformed"),
        ({"price": float("inf")}, "a number that is inf|malformed"),
        ({"price": -64000.0}, "a price of -64000"),
    ],
)
@pytest.mark.parametrize("name", ["coinbase", "kraken", "bitstamp"])
async def test_a_bad_answer_of_one_is_refused_and_the_others_are_heard(
    *,
    market: Market,
    exchanges: Exchanges,
    caplog: pytest.LogCaptureFixture,
    name: str,
    behaviour: dict[str, object],
    reason: str,
) -> None:
    exchange = getattr(exchanges, name)
    for attribute, value in behaviour.items():
        setattr(exchange, attribute, value)
    price = await price_of(market)
    assert price.now == 64000.0
    assert name not in price.sources
    assert len(price.sources) == 2
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith(f"{name}: BTC: ")
    (state,) = (state for state in market.token("BTC").states().values() if state != "ok")
    assert re.search(reason, state)


async def test_a_price_from_the_future_is_refused(market: Market, exchanges: Exchanges) -> None:
    exchanges.coinbase.age = -3600.0
    assert (await price_of(market)).sources == ("kraken", "bitstamp")
    state = market.token("BTC").states()["coinbase"]
    assert state == "a price from 3600 s in the future"


async def test_no_connection_to_one(environment: dict[str, str], closed_port: int) -> None:
    closed = f"kraken=http://127.0.0.1:{closed_port}"
    _, kraken, _ = environment["PRICE_SOURCES"].split(",")
    environment["PRICE_SOURCES"] = environment["PRICE_SOURCES"].replace(kraken, closed)
    async with new_session() as session:
        market = Market(session, read_settings(environment).sources)
        price = await price_of(market)
    assert price.sources == ("coinbase", "bitstamp")
    assert market.token("BTC").states()["kraken"] == f"nothing listens on 127.0.0.1:{closed_port}"


async def test_one_that_never_answers_is_given_up(
    exchanges: Exchanges, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model_server.fetch.TIMEOUT", 0.2)
    exchanges.kraken.gate.clear()
    # The only one: in so short a time, others might not be heard either.
    sources = read_settings({"PRICE_SOURCES": f"kraken={exchanges.url}"}).sources
    async with new_session() as session:
        with pytest.raises(NoPriceError, match="kraken: no answer"):
            await price_of(Market(session, sources))


async def test_one_that_is_slow_is_heard_for_the_next_request(
    market: Market, exchanges: Exchanges, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchanges.kraken.gate.clear()
    token = market.token("BTC")
    with monkeypatch.context() as impatient:
        impatient.setattr("model_server.market._WAIT", 0.1)
        await token.refresh()
    others = ("coinbase", "bitstamp")
    await until(lambda: all(token.states()[name] == "ok" for name in others))
    assert token.price().sources == others
    exchanges.kraken.gate.set()
    assert (await price_of(market)).sources == ("coinbase", "kraken", "bitstamp")


async def test_no_prices_at_all_say_why(market: Market, exchanges: Exchanges) -> None:
    for exchange in exchanges.all():
        exchange.status = 503
        exchange.body = b""
    with pytest.raises(NoPriceError, match="no price of BTC: coinbase: HTTP 503; kraken: HTTP 503"):
        await price_of(market)


async def test_fresh_prices_are_not_asked_for_again(
    market: Market, exchanges: Exchanges, clock: Clock
) -> None:
    await price_of(market)
    asked = exchanges.requests.copy()
    exchanges.coinbase.price = exchanges.kraken.price = exchanges.bitstamp.price = 65000.0
    clock.turn(9)
    assert (await price_of(market)).now == 64000.0
    assert exchanges.requests == asked
    clock.turn(2)
    assert (await price_of(market)).now == 65000.0


async def test_many_requests_at_once_are_one_question(market: Market, exchanges: Exchanges) -> None:
    prices = await asyncio.gather(*(price_of(market) for _ in range(20)))
    assert {price.now for price in prices} == {64000.0}
    assert exchanges.requests == {"coinbase": 2, "kraken": 2, "bitstamp": 2}  # now, and a day ago


async def test_failures_are_asked_less_and_less_often(
    market: Market, exchanges: Exchanges, clock: Clock
) -> None:
    exchanges.kraken.status = 500
    asked_at = []
    for second in range(200):
        before = exchanges.requests["kraken"]
        await price_of(market)
        if exchanges.requests["kraken"] > before:
            asked_at.append(second)
        clock.turn(1)
    assert asked_at == [0, 5, 15, 35, 75, 135, 195]


async def test_after_an_answer_failures_count_from_the_first(
    market: Market, exchanges: Exchanges, clock: Clock
) -> None:
    for status in (500, 500, 500, 200):
        exchanges.kraken.status = status
        await price_of(market)
        clock.turn(61)
    exchanges.kraken.status = 500
    await price_of(market)
    exchanges.kraken.status = 200
    clock.turn(6)
    assert "kraken" in (await price_of(market)).sources


async def test_yesterdays_price_is_asked_for_every_ten_minutes(
    market: Market, exchanges: Exchanges, clock: Clock
) -> None:
    for _ in range(12):
        await price_of(market)
        clock.turn(60)
    days = [url for url in exchanges.urls if "interval=60" in url]
    assert (len(days), exchanges.requests["kraken"]) == (2, 14)


async def test_it_recovers(
    market: Market, exchanges: Exchanges, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    exchanges.kraken.status = 500
    assert "kraken" not in (await price_of(market)).sources
    exchanges.kraken.status = 200
    clock.turn(61)
    assert "kraken" in (await price_of(market)).sources
    assert "kraken: BTC: answers again" in caplog.messages


@pytest.mark.parametrize(("minutes", "close"), [(-20, 2.0), (20, 2.0), (40, 3.0), (-40, 1.0)])
async def test_the_price_of_a_time_is_the_close_of_the_hour_that_ended_nearest_to_it(
    minutes: int, close: float
) -> None:
    candles = [Candle(3600 * hour, float(hour)) for hour in range(1, 4)]
    assert close_at(candles, 3 * 3600 + 60 * minutes).price == close


@pytest.mark.parametrize("candles", [[], [Candle(0, 1.0)], [Candle(6 * 3600, 1.0)]])
async def test_no_hour_ended_near(candles: list[Candle]) -> None:
    with pytest.raises(SourceError, match="no candle near"):
        close_at(candles, 4 * 3600)


async def test_when_all_fail_the_last_prices_serve_for_five_minutes(
    market: Market, exchanges: Exchanges, clock: Clock
) -> None:
    await price_of(market)
    for exchange in exchanges.all():
        exchange.status = 500
    clock.turn(290)
    assert (await price_of(market)).now == 64000.0
    clock.turn(100)
    with pytest.raises(NoPriceError):
        await price_of(market)


async def test_an_old_price_does_not_count_beside_new_ones(
    market: Market, exchanges: Exchanges, clock: Clock
) -> None:
    await price_of(market)
    exchanges.kraken.status = 500
    exchanges.coinbase.price = exchanges.bitstamp.price = 65000.0
    clock.turn(60)
    assert await price_of(market) == Price(65000.0, 64000.0, ("coinbase", "bitstamp"))


async def test_without_yesterdays_prices_there_is_still_todays(
    market: Market, exchanges: Exchanges
) -> None:
    exchanges.coinbase.day_ago = 1.0
    exchanges.kraken.day_ago = 2.0
    exchanges.bitstamp.day_ago = 3.0
    assert (await price_of(market)).day_ago is None


async def test_yesterdays_price_does_not_get_older(
    market: Market, exchanges: Exchanges, clock: Clock
) -> None:
    assert (await price_of(market)).day_ago == 64000.0
    for exchange in exchanges.all():
        exchange.day_ago = float("nan")
    clock.turn(3 * 3600)
    assert (await price_of(market)).day_ago is None


async def test_a_token_that_nobody_knows(
    market: Market, exchanges: Exchanges, clock: Clock
) -> None:
    with pytest.raises(NoSuchTokenError, match="no source has a price of NOPE"):
        await price_of_token(market, "NOPE")
    asked = exchanges.requests.copy()
    clock.turn(599)
    with pytest.raises(NoSuchTokenError):
        await price_of_token(market, "NOPE")
    assert exchanges.requests == asked


async def test_a_token_that_is_unknown_to_some_and_not_answered_by_others(
    market: Market, exchanges: Exchanges
) -> None:
    exchanges.kraken.status = 500
    with pytest.raises(NoPriceError, match="kraken: HTTP 500"):
        await price_of_token(market, "NOPE")


async def test_the_price_is_kept_fresh_without_requests(
    market: Market, exchanges: Exchanges, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = asyncio.Event()
    pauses: list[float] = []

    async def turn_the_clock(seconds: float) -> None:
        pauses.append(seconds)
        clock.turn(seconds)
        exchanges.coinbase.price = exchanges.kraken.price = exchanges.bitstamp.price = (
            64000.0 + len(pauses)
        )
        for exchange in exchanges.all():
            exchange.status = 500 if len(pauses) == 1 else 200
        if len(pauses) == 3:
            rounds.set()
            await asyncio.Event().wait()

    monkeypatch.setattr("model_server.market.asyncio.sleep", turn_the_clock)
    keeper = asyncio.create_task(market.token("BTC").keep_fresh())
    await asyncio.wait_for(rounds.wait(), 120)
    keeper.cancel()
    assert pauses == [60.0, 60.0, 60.0]
    assert market.token("BTC").price().now == 64002.0


async def test_the_tokens_that_were_asked_for_last_are_kept(market: Market) -> None:
    tokens = {name: market.token(name) for name in (f"T{number}" for number in range(32))}
    assert market.token("T0") is tokens["T0"]
    market.token("NEW")
    assert market.token("T0") is tokens["T0"]
    assert market.token("T1") is not tokens["T1"]
