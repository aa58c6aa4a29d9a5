"""Topics and their submission windows, in block heights."""

from __future__ import annotations

from dataclasses import dataclass

from .contract import Role


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
    takes_scalar: bool = True
    """Whether a submission is one number, and not one for each of several labels."""
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
    """Return the window in which a role submits for a nonce.

    Workers have from the nonce on as long as the topic says
    (BlockWithinWorkerSubmissionWindowOfNonce in x/emissions/keeper of
    https://github.com/allora-network/allora-chain). Reputers have one epoch from when the truth is
    known: the chain takes their answers for longer, but closes the nonce at the first end of an
    epoch after that (UpdateReputerNonce in x/emissions/module/rewards/nonce_management.go).
    """
    if role is Role.REPUTER:
        start = nonce + topic.ground_truth_lag
        return Window(nonce, start, start + topic.epoch_length)
    return Window(nonce, nonce, nonce + (topic.submission_window or topic.epoch_length))


def window_length(role: Role, topic: Topic) -> int:
    """Return the length of a role's windows in a topic, in blocks."""
    window = window_of(role, topic, 0)
    return window.end - window.start
