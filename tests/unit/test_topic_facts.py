"""What topics ask for: the stored list, and the parser of metadata."""

from __future__ import annotations

import pytest

from containers.model_server.model_server.horizon import parse_horizon
from containers.worker.allora_worker.topic_facts import (
    Facts,
    Kind,
    KnownTopic,
    facts_of,
    known_topics,
    parse,
)

LISTED = [topic for topics in known_topics().topics.values() for topic in topics.values()]


@pytest.mark.parametrize("topic", LISTED, ids=lambda topic: topic.name)
def test_the_metadata_of_every_listed_topic_says_what_the_list_says(topic: KnownTopic) -> None:
    assert parse(topic.name) == topic.facts


@pytest.mark.parametrize("topic", LISTED, ids=lambda topic: topic.name)
def test_every_horizon_is_one_of_the_model_server_s(topic: KnownTopic) -> None:
    assert parse_horizon(topic.horizon) == topic.facts.horizon_seconds


@pytest.mark.parametrize(
    "metadata",
    [
        "",
        "Memecoin 1h Prediction",
        "US Presidential Election 2024 - Winning Party",
        "BTC/USD Price Prediction",
        "8h Price Prediction",
        "8h BTC/USD Prediction of something",
        "8h BTC/USD and ETH/USD Price Prediction",
        "8h and 1d BTC/USD Price Prediction",
        "8h BTC/USD Price and Volatility Prediction",
        "0h BTC/USD Price Prediction",
        "8h BTC/EUR Price Prediction",
        "8 fortnights BTC/USD Price Prediction",
        "Topic 69 of a fake chain",
        "(" * 10**6,
    ],
    ids=lambda metadata: metadata[:40],
)
def test_what_is_not_clear_is_unknown(metadata: str) -> None:
    assert parse(metadata) is None


@pytest.mark.parametrize(
    ("metadata", "facts"),
    [
        ("2 days DOGE/USD Log Return", Facts(Kind.LOG_RETURN, "DOGE", "2d")),
        ("  30 Minutes  XRP/USD  price prediction ", Facts(Kind.PRICE, "XRP", "30min")),
        ("BTC/USD - Volatility - 4h (1h Updates)", Facts(Kind.VOLATILITY, "BTC", "4h")),
    ],
)
def test_new_topics_in_known_forms_are_understood(metadata: str, facts: Facts) -> None:
    assert parse(metadata) == facts


def test_the_metadata_counts_before_the_list_where_it_is_clear() -> None:
    listed = known_topics().topics["testnet"][61]
    assert facts_of("testnet", 61) == facts_of("testnet", 61, listed.name) == listed.facts
    renamed = facts_of("testnet", 61, "8h ETH/USD Price Prediction")
    assert renamed == Facts(Kind.PRICE, "ETH", "8h")
    assert facts_of("testnet", 61, "Something else") == listed.facts


def test_the_same_id_is_another_topic_on_another_network() -> None:
    assert str(facts_of("testnet", 1)) == "the price of ETH in 10min"
    assert str(facts_of("mainnet", 1)) == "the log return of BTC over 8h"
    assert facts_of("local", 1) is None
    assert facts_of("local", 1, "BTC/USD - Volatility - 15m") is not None
    assert facts_of("testnet", 10**6) is None
