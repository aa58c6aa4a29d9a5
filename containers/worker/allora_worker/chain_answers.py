"""Reads the chain's answers, which are not trusted: a reader may raise any exception."""

# ruff: noqa: ANN401 - the SDK has no types for them

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

from .errors import shorten
from .windows import Topic

# More than this is a fault of the endpoint.
_MAX_BLOCKS: Final = 10_000_000  # of an epoch: nearly two years
_MAX_UALLO: Final = 2**256  # https://pkg.go.dev/cosmossdk.io/math#Int


class Header(NamedTuple):
    """A block's header, as far as the worker reads it."""

    height: int
    time: datetime
    chain_id: str


def read_topic(topic_id: int, topic: Any) -> Topic:
    """Return a topic."""
    arity = getattr(topic, "output_arity", None)
    return Topic(
        topic_id=topic_id,
        name=shorten(topic.metadata),
        loss_method=shorten(topic.loss_method),
        epoch_length=_within(1, topic.epoch_length, _MAX_BLOCKS),
        ground_truth_lag=_within(0, topic.ground_truth_lag, _MAX_BLOCKS),
        submission_window=_within(0, topic.worker_submission_window, _MAX_BLOCKS),
        takes_scalar=arity is None or arity.name != "MULTI",
        epoch_last_ended=int(topic.epoch_last_ended),
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


def read_sequence(answer: Any) -> int:
    """Return an account's sequence."""
    return int(answer.info.sequence)


def read_balance(answer: Any) -> int:
    """Return a balance in uallo."""
    return _within(0, int(answer.balance.amount), _MAX_UALLO)


def _within(least: int, number: int, most: int) -> int:
    if not least <= number <= most:
        raise ValueError(f"{number} is not between {least} and {most}")
    return number
