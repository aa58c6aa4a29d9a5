"""The parts of the worker that the others share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .answers import Inference, NotAValueError, read_inference, read_labels
from .block_clock import BlockClock
from .chain import Chain
from .contract import Role
from .labels import Labels
from .model import MOST_BYTES, MOST_BYTES_OF_SEVERAL, Model, Question
from .settings import Settings
from .status import Status
from .submitter import Submitter
from .timings import Timings
from .topic_facts import Facts, facts_of, token_for

_ANY_LABELS: Final = Labels(allowed=(), most=1000)


@dataclass(frozen=True)
class Context:
    """The parts of one worker."""

    settings: Settings
    timings: Timings
    status: Status
    clock: BlockClock
    chain: Chain
    submitter: Submitter
    model: Model

    @property
    def role(self) -> Role:
        """The worker's role, the same in all its topics."""
        return self.settings.role

    def facts_of(self, topic_id: int) -> Facts | None:
        """Return what a topic asks for, or None if that is unknown."""
        metadata = self.status.topics[topic_id].metadata
        return facts_of(self.settings.network, topic_id, metadata)

    def token_for(self, facts: Facts | None) -> str:
        """Return what the model server is asked about in a topic."""
        return token_for(self.settings.token, facts)

    def inference_request(self, token: str | None = None) -> Question:
        """Return a request to the model server outside of any window.

        It is about the first topic with the token, or the first one of all.
        """
        settings = self.settings
        facts = {topic_id: self.facts_of(topic_id) for topic_id in settings.topic_ids}
        fitting = (id_ for id_ in facts if self.token_for(facts[id_]) == token)
        topic_id = next(fitting, settings.topic_ids[0])
        token = token or self.token_for(facts[topic_id])
        has_several = self.status.topics[topic_id].labels is not None
        return Question(
            settings.inference_endpoint,
            token,
            topic_id,
            self.clock.height,
            facts=facts[topic_id],
            most_bytes=MOST_BYTES_OF_SEVERAL if has_several else MOST_BYTES,
        )

    def read_inference(self, text: str, topic_id: int) -> Inference:
        """Read an inference for a topic: in any form, until the chain tells the topic's.

        Raises:
            NotAValueError: It is no inference.
        """
        topic = self.status.topics[topic_id]
        try:
            return read_inference(text, topic.labels)
        except NotAValueError:
            if topic.epoch_blocks is None:
                return read_labels(text, _ANY_LABELS)
            raise
