"""What a topic asks for: a price, a log return or a volatility, of which coin, how far ahead.

The chain tells it in the topic's metadata alone, a text for people. topics.json has the networks'
own list of active topics, with these facts in fields of its own; topics that it lacks are read from
their metadata. It imports the standard library and the contract alone: settings and `allora` use it
too.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from .contract import DEFAULT_TOKEN

_DATA: Final = Path(__file__).with_name("topics.json")
_UNITS: Final = {"m": "min", "min": "min", "minute": "min", "h": "h", "hour": "h", "d": "d",
                 "day": "d"}  # fmt: skip
_SECONDS: Final = {"min": 60, "h": 3600, "d": 86_400}
_MOST_CHARACTERS: Final = 300  # of a text that anyone may have written
_REMARK: Final = re.compile(r"\([^)]*\)")
_HORIZON: Final = re.compile(r"\b([1-9][0-9]{0,4}) ?(m|min|minute|h|hour|d|day)s?\b", re.IGNORECASE)
_COIN: Final = re.compile(r"\b([A-Z0-9]{2,10})/USD\b|\bxyz:([A-Z0-9]{2,10})\b")
_OLD_FORM: Final = re.compile(r"([A-Z0-9]{2,10}) [0-9]+(?:min|h) Prediction")


class Kind(StrEnum):
    """What a topic asks for."""

    PRICE = "price"
    LOG_RETURN = "log-return"
    VOLATILITY = "volatility"
    CLASSIFICATION = "classification"


_WORDS: Final = {
    Kind.PRICE: re.compile(r"\bprice\b", re.IGNORECASE),
    Kind.LOG_RETURN: re.compile(r"\blog[- ]returns?\b", re.IGNORECASE),
    Kind.VOLATILITY: re.compile(r"\bvolatility\b", re.IGNORECASE),
    Kind.CLASSIFICATION: re.compile(r"\bclassification\b", re.IGNORECASE),
}


@dataclass(frozen=True)
class Facts:
    """What a topic asks for."""

    kind: Kind
    token: str
    """The coin's symbol."""
    horizon: str
    """How far ahead, as the project's own model takes it: 5min, 8h, 1d."""

    @property
    def horizon_seconds(self) -> int:
        """How far ahead, in seconds."""
        count = self.horizon.rstrip("".join(_SECONDS))
        return int(count) * _SECONDS[self.horizon.removeprefix(count)]

    def __str__(self) -> str:
        """Return the facts as the end of a sentence: the price of BTC in 8h."""
        what = {
            Kind.PRICE: "the price of {} in {}",
            Kind.LOG_RETURN: "the log return of {} over {}",
            Kind.VOLATILITY: "the volatility of {} over {}",
            Kind.CLASSIFICATION: "a classification of {} over {}",
        }[self.kind]
        return what.format(self.token, self.horizon)


class KnownTopic(NamedTuple):
    """A topic; the fields are in the order of the data file."""

    id: int
    name: str
    """Its metadata on the chain."""
    kind: Kind
    token: str
    horizon: str

    @property
    def facts(self) -> Facts:
        """What it asks for."""
        return Facts(self.kind, self.token, self.horizon)


class TopicList(NamedTuple):
    """The topics that were active on a day."""

    source: str
    read_at: date
    topics: dict[str, dict[int, KnownTopic]]
    """By network and id."""


@cache
def known_topics() -> TopicList:
    """Return the list."""
    data = json.loads(_DATA.read_bytes())
    return TopicList(
        data["source"],
        date.fromisoformat(data["read_at"]),
        {
            network: {
                id_: KnownTopic(id_, name, Kind(kind), token, horizon)
                for id_, name, kind, token, horizon in rows
            }
            for network, rows in data["topics"].items()
        },
    )


def token_for(token: str | None, facts: Facts | None) -> str:
    """Return what the model is asked about in a topic.

    Args:
        token: ALLORA_WORKER_TOKEN, if it is set.
        facts: What the topic asks for, if that is known.
    """
    return token or (facts.token if facts else DEFAULT_TOKEN)


def facts_of(network: str, topic_id: int, metadata: str | None = None) -> Facts | None:
    """Return what a topic asks for, or None if that is unknown.

    The metadata counts before the list, where it is clear.

    Args:
        network: testnet, mainnet or local.
        topic_id: The topic.
        metadata: Its metadata on the chain; None if the chain was not asked.
    """
    known = known_topics().topics.get(network, {}).get(topic_id)
    return parse(metadata or "") or (known.facts if known else None)


def parse(metadata: str) -> Facts | None:
    """Read what a topic asks for from its metadata, or return None unless all of it is clear.

    It understands the forms that the networks use, such as "1 day BTC/USD Log-Return Prediction",
    "BTC/USD - Volatility - 15m" and "ETH 10min Prediction", which is about the price.
    """
    text = " ".join(_REMARK.sub(" ", metadata[:_MOST_CHARACTERS]).split())
    kinds = [kind for kind, word in _WORDS.items() if word.search(text)]
    coins = {coin or other for coin, other in _COIN.findall(text)}
    if not kinds and (old := _OLD_FORM.fullmatch(text)):
        kinds, coins = [Kind.PRICE], {old[1]}
    horizons = {f"{count}{_UNITS[unit.lower()]}" for count, unit in _HORIZON.findall(text)}
    if len(kinds) != 1 or len(coins) != 1 or len(horizons) != 1:
        return None
    return Facts(kinds[0], coins.pop(), horizons.pop())
