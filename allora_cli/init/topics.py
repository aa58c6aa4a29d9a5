"""Which topics a model can serve, by the chain's answer or the stored list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from allora_cli import chain
from allora_cli.terminal.text import clamp, clean
from containers.worker.allora_worker.topic_facts import (
    Facts,
    KnownTopic,
    facts_of,
    known_topics,
)
from settings.fit import unserved_kind

_NAME_LENGTH = 70
_OWN: Final = {"model_forge": None, "model_repo": None, "model_image": None}
"""The settings that choose the project's own model."""


@dataclass(frozen=True)
class Topic:
    """A topic that was looked up.

    Attributes:
        name: "" if unknown.
        exists: None if neither the chain nor the list knows.
        active: None if unknown.
        facts: what it asks for; None if unknown.
    """

    id: int
    name: str = ""
    exists: bool | None = True
    active: bool | None = None
    facts: Facts | None = None


def suitable(network: str, *, own_model: bool) -> Mapping[int, KnownTopic]:
    """Return the listed topics that the model may serve.

    Args:
        network: testnet or mainnet.
        own_model: whether it is the project's own.
    """
    topics = known_topics().topics[network]
    return {
        id_: topic
        for id_, topic in topics.items()
        if not own_model or unserved_kind(_OWN, topic.facts) is None
    }


def table(network: str, *, own_model: bool) -> Iterator[str]:
    """Yield a line for each suitable topic, and where the list is from."""
    found = known_topics()
    for topic in suitable(network, own_model=own_model).values():
        yield f"  {topic.id:>3}  {topic.name}"
    yield f"  Topics of {found.read_at:%Y-%m-%d}; today's: {found.source}"


def look_up(network: str, api_url: str, topic_id: int) -> Topic:
    """Return a topic: as the chain describes it, otherwise as the list does."""
    known = known_topics().topics[network].get(topic_id)
    try:
        found = chain.find_topic(api_url, topic_id)
    except chain.ChainError:
        if known is None:
            return Topic(topic_id, exists=None)
        return Topic(topic_id, known.name, facts=known.facts)
    if found is None:
        return Topic(topic_id, exists=False)
    name = clamp(clean(found.name), _NAME_LENGTH)
    facts = facts_of(network, topic_id, found.name)
    return Topic(topic_id, name, active=found.active, facts=facts)


def problem_with(topics: Sequence[Topic], network: str, *, own_model: bool) -> str | None:
    """Return why one model cannot serve these topics, or None."""
    for topic in topics:
        if topic.exists is False:
            return f"{network} has no topic {topic.id}."
        if own_model and topic.facts and (found := unserved_kind(_OWN, topic.facts)):
            return (
                f"Topic {topic.id}, {topic.name}, {found.message}. Take another topic, or bring a "
                "model: --model-repo or --model-image."
            )
    return None
