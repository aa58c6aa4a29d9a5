"""Topics and their submission windows, in block heights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .contract import Role
from .labels import Labels

# A chain has one at a time, or two for a block.
_MAX_OPEN_WINDOWS: Final = 3


@dataclass(frozen=True)
class Topic:
    """A topic on the chain; durations in blocks."""

    topic_id: int
    name: str
    loss_method: str
    """The reputers' loss function, such as `mse`."""
    epoch_length: int
    """Between the openings of two windows."""
    ground_truth_lag: int
    """From a window's opening until the truth is known."""
    submission_window: int
    """Length of the workers' window."""
    labels: Labels | None = None
    """What a submission has a number for each of; None for a single number."""
    epoch_last_ended: int = 0
    """The newest nonce."""


@dataclass(frozen=True)
class Window:
    """The heights from `start` to before `end`, at which submissions for a nonce count."""

    nonce: int
    """The height at which the epoch began; it identifies the epoch."""
    start: int
    end: int


def window_of(role: Role, topic: Topic, nonce: int) -> Window:
    """Return the window in which a role submits for a nonce, as far as the topic tells.

    Workers have from the nonce on as long as the topic says, and reputers from when the truth is
    known until the chain closes the nonce: at the first end of an epoch that is one epoch later
    (BlockWithin…SubmissionWindowOfNonce in x/emissions/keeper, and UpdateReputerNonce in
    x/emissions/module/rewards/nonce_management.go of
    https://github.com/allora-network/allora-chain).
    """
    if role is Role.REPUTER:
        epochs_of_lag = -(-topic.ground_truth_lag // topic.epoch_length)
        end = nonce + (epochs_of_lag + 1) * topic.epoch_length
        return Window(nonce, nonce + topic.ground_truth_lag, end)
    return Window(nonce, nonce, nonce + (topic.submission_window or topic.epoch_length))


def nonces_to_serve(role: Role, open_nonces: Iterable[int]) -> list[int]:
    """Return the open nonces for which a role submits now, the most urgent first.

    A reputer has one place for its losses in a topic. When a nonce is closed, the chain takes what
    is there, throws it away if it is for another nonce, and takes nothing more for that one
    (https://github.com/allora-network/allora-chain/pull/993). So a reputer serves the oldest nonce
    alone, and the next one when that is closed.
    """
    if role is Role.REPUTER:
        return sorted(open_nonces)[:1]
    return sorted(open_nonces, reverse=True)[:_MAX_OPEN_WINDOWS]


def window_length(role: Role, topic: Topic) -> int:
    """Return the length of a role's windows in a topic, in blocks."""
    window = window_of(role, topic, 0)
    return window.end - window.start
