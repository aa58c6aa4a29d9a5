"""The settings: environment variables, all of them optional."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from .horizon import parse_horizon
from .sources import SOURCES, Source
from .task import TOPIC_FORM, CannotServeError, Kind, Task, checked, task_of

TOKEN_FORM = re.compile(r"[A-Z0-9]{1,10}")
"""A token's symbol, in capitals."""

DEFAULT_PORT = 8000

_DEFAULT_TOPICS = "69=price:1d,77=price:5min"
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
        topics: What requests that name their topic ask for, by its number.
        topic_horizons: Other horizons of topics, by number.
        sources: The exchanges to ask.
        port: The TCP port to listen on; 0 for any.
    """

    token: str
    horizon: float
    topics: Mapping[int, Task]
    topic_horizons: Mapping[int, float]
    sources: tuple[Source, ...]
    port: int

    def task(self, topic: int | None, kind: str, horizon: str) -> Task:
        """Return what a request asks for.

        What the request tells counts before what is known of its topic; a horizon that the operator
        has set for the topic counts before both.

        Args:
            topic: The topic's number, if the request has one.
            kind: The kind that the request tells; "" if it does not.
            horizon: Likewise.

        Raises:
            CannotServeError: This server makes no such forecasts, or does not know the topic.
        """
        wanted = None if topic is None else self.topic_horizons.get(topic)
        if kind:
            task = task_of(kind, horizon)
        elif topic is None:
            task = Task(Kind.PRICE, self.horizon)
        elif topic in self.topics:
            task = self.topics[topic]
        elif wanted is not None:
            task = Task(Kind.PRICE, wanted)
        else:
            raise CannotServeError(
                "what it asks for is not known here; if that is a coin's price, set its horizon: "
                f"TOPIC_HORIZONS={topic}=8h"
            )
        return task if wanted is None else checked(replace(task, horizon=wanted))


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the variables of docs/model.md; an empty one is not set.

    The default topics are the sandbox topics of Allora's testnet: 69 is about the price in a day,
    77 about that in five minutes (https://docs.allora.network, `public/api/topics.json`).

    Raises:
        SettingsError: A value makes no sense.
    """
    return Settings(
        token=_token(environment.get("TOKEN") or "BTC"),
        horizon=_horizon("HORIZON", environment.get("HORIZON") or "24h"),
        topics=_topics(environment.get("TOPICS") or _DEFAULT_TOPICS),
        topic_horizons=_topic_horizons(environment.get("TOPIC_HORIZONS") or ""),
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


def _topics(text: str) -> dict[int, Task]:
    remedy = "write topics, kinds and horizons, as 69=price:1d,61=log-return:1d"
    topics = {}
    for topic, value in _by_topic("TOPICS", text, remedy).items():
        kind, _, horizon = value.partition(":")
        try:
            topics[topic] = task_of(kind.strip(), horizon)
        except CannotServeError as error:
            raise SettingsError("TOPICS", text, f"{remedy}: {error}") from None
    return topics


def _topic_horizons(text: str) -> dict[int, float]:
    if not text:
        return {}
    remedy = "write topics and horizons, as 69=1d,77=5min"
    return {
        topic: _horizon("TOPIC_HORIZONS", horizon)
        for topic, horizon in _by_topic("TOPIC_HORIZONS", text, remedy).items()
    }


def _by_topic(variable: str, text: str, remedy: str) -> dict[int, str]:
    values = {}
    for item in text.split(","):
        topic, _, value = item.partition("=")
        if not TOPIC_FORM.fullmatch(topic.strip()):
            raise SettingsError(variable, text, remedy)
        values[int(topic)] = value
    return values


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
