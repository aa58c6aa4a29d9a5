"""The settings: environment variables, all of them optional."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .horizon import parse_horizon
from .sources import SOURCES, Source

TOKEN_FORM = re.compile(r"[A-Z0-9]{1,10}")
"""A token's symbol, in capitals."""

TOPIC_FORM = re.compile(r"[0-9]{1,20}")
"""A topic's number."""

DEFAULT_PORT = 8000

_DEFAULT_TOPICS = "69=1d,77=5min"
_LAST_PORT = 65535


class SettingsError(Exception):
    """A variable has an invalid value.

    Args:
        variable: Its name.
        text: Its value.
        remedy: What to write instead.
    """

    def __init__(self, variable: str, text: str, remedy: str) -> None:
        super().__init__(f"{variable}={text}: {remedy}")
        self.variable = variable
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Settings:
    """Configuration of the server.

    Attributes:
        token: The token whose price is kept fresh, and whose price `/health` is about.
        horizon: How far ahead forecasts look, in seconds.
        topic_horizons: The same for requests that name their topic, by its number.
        sources: The exchanges to ask.
        port: The TCP port to listen on; 0 for any.
    """

    token: str
    horizon: float
    topic_horizons: Mapping[int, float]
    sources: tuple[Source, ...]
    port: int


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read `TOKEN`, `HORIZON`, `TOPIC_HORIZONS`, `PRICE_SOURCES` and `PORT`; empty is not set.

    The default topics are the sandbox topics of Allora's testnet: 69 is about the price in a day,
    77 about that in five minutes (https://docs.allora.network, `public/api/topics.json`).

    Raises:
        SettingsError: A value makes no sense.
    """
    return Settings(
        token=_token(environment.get("TOKEN") or "BTC"),
        horizon=_horizon("HORIZON", environment.get("HORIZON") or "24h"),
        topic_horizons=_topic_horizons(environment.get("TOPIC_HORIZONS") or _DEFAULT_TOPICS),
        sources=_sources(environment.get("PRICE_SOURCES") or ",".join(SOURCES)),
        port=_port(environment.get("PORT") or str(DEFAULT_PORT)),
    )


def _token(text: str) -> str:
    token = text.strip().upper()
    if not TOKEN_FORM.fullmatch(token):
        raise SettingsError("TOKEN", text, "write a coin's symbol, such as BTC")
    return token


def _horizon(variable: str, text: str) -> float:
    try:
        return parse_horizon(text)
    except ValueError:
        raise SettingsError(variable, text, "write 1min to 30d, as in 5min, 8h or 1d") from None


def _topic_horizons(text: str) -> dict[int, float]:
    horizons = {}
    for item in text.split(","):
        topic, _, horizon = item.partition("=")
        if not TOPIC_FORM.fullmatch(topic.strip()):
            raise SettingsError(
                "TOPIC_HORIZONS", text, "write topics and horizons, as 69=1d,77=5min"
            )
        horizons[int(topic)] = _horizon("TOPIC_HORIZONS", horizon)
    return horizons


def _sources(text: str) -> tuple[Source, ...]:
    sources: dict[str, Source] = {}
    for item in text.split(","):
        name, _, url = item.strip().partition("=")
        if name not in SOURCES or name in sources or (url and not _is_url(url)):
            raise SettingsError(
                "PRICE_SOURCES",
                text,
                f"write some of {','.join(SOURCES)}, each once, and with another base URL if you "
                "want, as kraken=https://proxy.example.com",
            )
        sources[name] = SOURCES[name](url.rstrip("/") or None)
    return tuple(sources.values())


def _is_url(text: str) -> bool:
    return re.fullmatch(r"https?://[^\s,/?#]+(/[^\s,?#]*)?", text) is not None


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > _LAST_PORT:
        raise SettingsError("PORT", text, "write a TCP port")
    return int(text)
