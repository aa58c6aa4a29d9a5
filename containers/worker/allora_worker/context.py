"""The parts of the worker that the others share."""

from __future__ import annotations

from dataclasses import dataclass

from .block_clock import BlockClock
from .chain import Chain
from .contract import Role
from .model import Model, Question
from .settings import Settings
from .status import Status
from .submitter import Submitter
from .timings import Timings


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
        return Question(settings.inference_endpoint, token, topic_id, self.clock.height)
