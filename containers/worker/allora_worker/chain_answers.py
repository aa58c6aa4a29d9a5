"""Reads the chain's answers, which are not trusted: a reader may raise any exception."""

# ruff: noqa: ANN401 - the SDK has no types for them

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from .errors import shorten
from .labels import Labels
from .windows import Topic, Window

# More than this is a fault of the endpoint.
_MAX_BLOCKS: Final = 10_000_000  # of an epoch: nearly two years
_MAX_LABELS: Final = 10_000
_MAX_UALLO: Final = 2**256  # https://pkg.go.dev/cosmossdk.io/math#Int


class Header(NamedTuple):
    """A block's header, as far as the worker reads it."""

    height: int
    time: datetime
    chain_id: str


def read_topic(topic_id: int, topic: Any) -> Topic:
    """Return a topic."""
    return Topic(
        topic_id=topic_id,
        name=shorten(topic.metadata),
        loss_method=shorten(topic.loss_method),
        epoch_length=_within(1, topic.epoch_length, _MAX_BLOCKS),
        ground_truth_lag=_within(0, topic.ground_truth_lag, _MAX_BLOCKS),
        submission_window=_within(0, topic.worker_submission_window, _MAX_BLOCKS),
        labels=_read_labels(topic),
        epoch_last_ended=int(topic.epoch_last_ended),
    )


def _read_labels(topic: Any) -> Labels | None:
    """Return the labels of a topic that takes several values; None for one that takes a single one.

    The fields are of version 10 of the chain's messages.
    """
    arity = getattr(topic, "output_arity", None)
    if arity is None or arity.name != "MULTI":
        return None
    return Labels(
        allowed=tuple(topic.label_whitelist),
        most=_within(1, topic.max_labels_per_submission, _MAX_LABELS),
        is_case_sensitive=topic.label_case_sensitive,
        default=_finite(topic.label_default_value),
        tolerance=_finite(topic.unity_tolerance) if topic.require_unity else None,
    )


def read_header(answer: Any) -> Header:
    """Return a block's header."""
    header = (answer.sdk_block or answer.block).header
    if not isinstance(header.time, datetime) or header.time.tzinfo is None:
        raise ValueError("a block without a time")
    return Header(_within(1, header.height, 2**63), header.time, shorten(header.chain_id))


def read_worker_nonces(answer: Any) -> list[int]:
    """Return the workers' nonces, the oldest first."""
    nonces = answer.nonces.nonces if answer.nonces else []
    return sorted(int(nonce.block_height) for nonce in nonces)


def read_reputer_nonces(answer: Any) -> list[int]:
    """Return the reputers' nonces, the oldest first."""
    nonces = answer.nonces.nonces if answer.nonces else []
    return sorted(int(nonce.reputer_nonce.block_height) for nonce in nonces)


def read_inference_nonce(answer: Any) -> int | None:
    """Return the nonce of an inference, or None without one."""
    inference = answer.latest_input_inference
    return None if inference is None else int(inference.block_height)


def read_scored_nonce(answer: Any) -> int | None:
    """Return the nonce of the submission that a score is of, or None before the first one."""
    nonce = 0 if answer.score is None else int(answer.score.block_height)
    return nonce if nonce > 0 else None


def read_window(answer: Any) -> Window | None:
    """Return the window that the status of a topic's windows is about; None if none is open."""
    if not answer.is_open:
        return None
    start, end = int(answer.window_start_block), int(answer.window_end_block)
    return Window(int(answer.current_nonce_block_height), start, end)


def read_sequence(answer: Any) -> int:
    """Return an account's sequence."""
    return int(answer.info.sequence)


def read_balance(answer: Any) -> int:
    """Return a balance in uallo."""
    return _within(0, int(answer.balance.amount), _MAX_UALLO)


def _finite(text: str) -> Decimal:
    number = Decimal(text or 0)
    if not number.is_finite():
        raise ValueError(f"{number} is not finite")
    return number


def _within(least: int, number: int, most: int) -> int:
    if not least <= number <= most:
        raise ValueError(f"{number} is not between {least} and {most}")
    return number
