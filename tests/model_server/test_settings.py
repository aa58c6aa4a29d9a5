from __future__ import annotations

import pytest
from model_server.settings import SettingsError, read_settings
from model_server.task import Kind, Task


def test_defaults() -> None:
    settings = read_settings({"TOKEN": "", "PORT": ""})
    assert settings.token == "BTC"
    assert settings.horizon == 86_400
    assert settings.topics == {69: Task(Kind.PRICE, 86_400), 77: Task(Kind.PRICE, 300)}
    assert settings.topic_horizons == {}
    assert {source.name: source.base_url for source in settings.sources} == {
        "coinbase": "https://api.exchange.coinbase.com",
        "kraken": "https://api.kraken.com",
        "bitstamp": "https://www.bitstamp.net",
    }
    assert settings.port == 8000


def test_everything_can_be_set() -> None:
    settings = read_settings(
        {
            "TOKEN": "eth",
            "HORIZON": "8h",
            "TOPICS": "61=log-return:1d, 79=volatility:15min",
            "TOPIC_HORIZONS": "42=1h, 43=5min",
            "PRICE_SOURCES": "kraken, bitstamp=http://127.0.0.1:81/x/",
            "PORT": "0",
        }
    )
    assert settings.token == "ETH"
    assert settings.horizon == 28_800
    assert settings.topics == {
        61: Task(Kind.LOG_RETURN, 86_400),
        79: Task(Kind.VOLATILITY, 900),
    }
    assert settings.topic_horizons == {42: 3600, 43: 300}
    assert [(source.name, source.base_url) for source in settings.sources] == [
        ("kraken", "https://api.kraken.com"),
        ("bitstamp", "http://127.0.0.1:81/x"),
    ]
    assert settings.port == 0


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TOKEN", "BTC/USD"),
        ("TOKEN", "VERYLONGTOKEN"),
        ("HORIZON", "soon"),
        ("TOPICS", "69=1d"),
        ("TOPICS", "x=price:1d"),
        ("TOPICS", "87=classification:1d"),
        ("TOPICS", "79=volatility:1d"),
        ("TOPICS", "79=price:"),
        ("TOPIC_HORIZONS", "69"),
        ("TOPIC_HORIZONS", "x=1h"),
        ("TOPIC_HORIZONS", "69=1h,"),
        ("PRICE_SOURCES", "binance"),
        ("PRICE_SOURCES", "kraken,kraken"),
        ("PRICE_SOURCES", "kraken=ftp://x"),
        ("PRICE_SOURCES", "kraken=http://x?a=1"),
        ("PORT", "http"),
        ("PORT", "65536"),
    ],
)
def test_nonsense_is_refused_by_name(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        read_settings({variable: value})
