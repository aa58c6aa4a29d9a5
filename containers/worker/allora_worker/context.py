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

    def inference_request(self, token: str) -> Question:
        """Return a request to the model server outside of any window."""
        settings = self.settings
        topic_id = settings.topic_ids[0]
        has_several = self.status.topics[topic_id].labels is not None
        most_bytes = MOST_BYTES_OF_SEVERAL if has_several else MOST_BYTES
        return Question(settings.inference_endpoint, token, topic_id, self.clock.height, most_bytes)

    def read_inference(self, text: str) -> Inference:
        """Read the answer to `inference_request`: in any form, until the chain tells the topic's.

        Raises:
            NotAValueError: It is no inference.
        """
        topic = self.status.topics[self.settings.topic_ids[0]]
        try:
            return read_inference(text, topic.labels)
        except NotAValueError:
            if topic.epoch_blocks is None:
                return read_labels(text, _ANY_LABELS)
            raise
