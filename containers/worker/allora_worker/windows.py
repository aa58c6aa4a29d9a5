"""When a topic takes submissions."""

from __future__ import annotations

from dataclasses import dataclass

from .contract import Role


@dataclass(frozen=True)
class Topic:
    """What the chain says about a topic; durations in blocks.

    Args:
        topic_id: Its number.
        name: Its metadata, for people.
        loss_method: How reputers measure errors, such as `mse`.
        epoch_length: Between the openings of two windows.
        ground_truth_lag: From a window's opening until the truth is known.
        submission_window: For which workers can submit.
        takes_scalar: One number each; otherwise a number for each of several labels.
    """

    topic_id: int
    name: str
    loss_method: str
    epoch_length: int
    ground_truth_lag: int
    submission_window: int
    takes_scalar: bool = True


@dataclass(frozen=True)
class Window:
    """A time in which the topic takes submissions for one nonce.

    Args:
        nonce: The height at which the epoch began; it names the epoch.
        start: The first height at which a submission counts.
        end: The first height at which none does.
    """

    nonce: int
    start: int
    end: int


def window_of(role: Role, topic: Topic, nonce: int) -> Window:
    """The window in which the role submits for a nonce.

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
    """How long the role's windows in a topic are, in blocks."""
    window = window_of(role, topic, 0)
    return window.end - window.start
