"""Run AWS queries concurrently; failures stay isolated."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from allora_cli.aws.session import explain
from allora_cli.errors import ErrorCode, OperatorError

PATIENCE = Config(
    connect_timeout=5, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 3}
)
"""For clients that an operator waits for, and that are asked again anyway."""

QUICK = Config(
    connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 2}
)
"""For questions that can stay open: it gives up soon on a service that does not answer now."""

_SERVER_ERROR = 500

T = TypeVar("T")


@dataclass(frozen=True)
class Unknown:
    """A query without an answer.

    Attributes:
        error: the reason and the remedy.
        is_passing: whether the query is likely to succeed later.
    """

    error: OperatorError
    is_passing: bool


class Question(Generic[T]):
    """A query that runs at once in its own thread.

    Threads may share boto3's clients, but must not make them.
    """

    def __init__(self, ask: Callable[[], T]) -> None:
        self._future = in_background(lambda: asked(ask))

    def answer(self) -> T | Unknown:
        """Wait for the answer, and return it; an `Unknown` where AWS gives none."""
        return self._future.result()


def in_background(work: Callable[[], T]) -> Future[T]:
    """Start work in a daemon thread: unlike a pool's threads, Ctrl-C does not wait for it."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised by `result`
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def asked(ask: Callable[[], T]) -> T | Unknown:
    """Return the answer; an `Unknown` where AWS gives none."""
    try:
        return ask()
    except (BotoCoreError, ClientError) as error:
        return unknown(error)


def unknown(error: BotoCoreError | ClientError) -> Unknown:
    """Return AWS's or its client's error as an `Unknown`."""
    explained = explain(error)
    status = (
        error.response["ResponseMetadata"]["HTTPStatusCode"]
        if isinstance(error, ClientError)
        else 0
    )
    is_passing = (
        explained.code in {ErrorCode.THROTTLED, ErrorCode.AWS_UNREACHABLE}
        or status >= _SERVER_ERROR
    )
    return Unknown(explained, is_passing)
