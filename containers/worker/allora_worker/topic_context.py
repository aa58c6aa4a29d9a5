"""Everything that the work in one topic uses."""

from __future__ import annotations

from dataclasses import dataclass

from .block_clock import BlockClock
from .chain import Chain
from .model import Model
from .settings import Role, Settings
from .status import ModelStatus, TopicStatus
from .submitter import Submitter
from .timings import Timings


@dataclass(frozen=True)
class TopicContext:
    """One topic's id and status, and the parts that all topics share."""

    topic_id: int
    status: TopicStatus
    model_status: ModelStatus
    settings: Settings
    timings: Timings
    chain: Chain
    clock: BlockClock
    model: Model
    submitter: Submitter

    @property
    def role(self) -> Role:
        """The worker's role, the same in all topics."""
        return self.settings.role
