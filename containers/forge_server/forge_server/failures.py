"""Why there is no prediction, in one sentence each."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from http import HTTPStatus
from urllib.parse import quote, quote_plus

LONGEST = 105
"""Characters of a sentence: the worker quotes a status and 120 characters."""

_SHORTEST_SECRET = 6
"""Characters; shorter ones are in every text."""

_hidden: set[str] = set()


class Kind(str, Enum):  # noqa: UP042 - Python 3.10
    """What the server does about a failure."""

    UNUSABLE = "unusable"
    """The model cannot be loaded, and another attempt does not change that."""
    FAILED = "failed"
    """This prediction failed; the next one may succeed."""
    LOADING = "loading"
    BUSY = "busy"
    TIMEOUT = "timeout"
    """The process is ended, and replaced."""
    ENDED = "ended"
    """The process has ended, and is replaced."""


STATUS = {
    Kind.UNUSABLE: HTTPStatus.INTERNAL_SERVER_ERROR,
    Kind.FAILED: HTTPStatus.INTERNAL_SERVER_ERROR,
    Kind.LOADING: HTTPStatus.SERVICE_UNAVAILABLE,
    Kind.BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
    Kind.TIMEOUT: HTTPStatus.GATEWAY_TIMEOUT,
    Kind.ENDED: HTTPStatus.BAD_GATEWAY,
}


class ModelError(Exception):
    """There is no prediction.

    Args:
        kind: What the server does about it.
        sentence: The reason, and the remedy if there is one; cut to one short line.
    """

    def __init__(self, kind: Kind, sentence: str) -> None:
        self.kind = kind
        self.sentence = one_line(sentence)
        super().__init__(self.sentence)


def hide(secrets: Iterable[str]) -> None:
    """Leave secrets out of all sentences from now on: an exception may quote a URL with one."""
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            _hidden.update((secret, quote(secret, safe=""), quote_plus(secret)))


def without_secrets(text: str) -> str:
    """Return a text without what is hidden."""
    for secret in sorted(_hidden, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def one_line(text: str) -> str:
    """Return a text without line breaks and secrets, of at most LONGEST characters."""
    text = " ".join(without_secrets(text).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def of_exception(error: BaseException) -> str:
    """Return an exception's type and text."""
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
