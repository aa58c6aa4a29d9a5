"""Asks AWS several things at a time, and lets one that it refuses not spoil the others."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from allora_cli.aws.session import one_sentence_errors
from allora_cli.errors import ErrorCode, OperatorError

PATIENCE = Config(
    connect_timeout=5, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 3}
)
"""For clients that somebody waits for at the screen, and that are asked again anyway."""

_SERVER_ERROR = 500

T = TypeVar("T")


@dataclass(frozen=True)
class Unknown:
    """What could not be learnt.

    Attributes:
        error: why, in a sentence with the remedy.
        is_passing: whether it is likely to work in a while.
    """

    error: OperatorError
    is_passing: bool


class Question(Generic[T]):
    """Something that is asked at once, in a thread of its own.

    Boto3's clients may be used by several threads, but must not be made by them. Ctrl-C does not
    wait for an answer: the thread is a daemon.

    Args:
        ask: gives the answer.
    """

    def __init__(self, ask: Callable[[], T]) -> None:
        self._answers: queue.SimpleQueue[T | Unknown | BaseException] = queue.SimpleQueue()
        threading.Thread(target=self._ask, args=(ask,), daemon=True).start()

    def _ask(self, ask: Callable[[], T]) -> None:
        try:
            self._answers.put(asked(ask))
        except BaseException as error:  # noqa: BLE001 - raised where somebody waits for it
            self._answers.put(error)

    def answer(self) -> T | Unknown:
        """The answer, once; an `Unknown` where AWS gives none."""
        answer = self._answers.get()
        if isinstance(answer, BaseException):
            raise answer
        return answer


def asked(ask: Callable[[], T]) -> T | Unknown:
    """The answer; an `Unknown` where AWS gives none."""
    try:
        return ask()
    except (BotoCoreError, ClientError) as error:
        return unknown(error)


def unknown(error: BotoCoreError | ClientError) -> Unknown:
    """What AWS refused, or why it did not answer."""
    explained = _explain(error)
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


def _explain(error: BotoCoreError | ClientError) -> OperatorError:
    try:
        with one_sentence_errors():
            raise error
    except OperatorError as explained:
        return explained
    except BotoCoreError as unforeseen:
        return OperatorError(ErrorCode.AWS_REFUSED, f"AWS could not be asked: {unforeseen}.")
