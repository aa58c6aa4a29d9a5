"""Active topics of Allora's networks, as they were on a day.

topics.json has the networks' own list, with what each topic is about in fields of its own.
"""

from __future__ import annotations

import json
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import NamedTuple

_DATA = Path(__file__).with_name("topics.json")


class Kind(StrEnum):
    """What a topic asks for."""

    PRICE = "price"
    LOG_RETURN = "log-return"
    VOLATILITY = "volatility"
    CLASSIFICATION = "classification"


class KnownTopic(NamedTuple):
    """A topic; the fields are in the order of the data file."""

    id: int
    name: str
    """Its metadata on the chain."""
    kind: Kind
    token: str
    horizon: str
    """How far ahead, as the project's own model takes it: 5min, 8h, 1d."""


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
