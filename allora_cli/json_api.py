"""Ask HTTP APIs that answer with JSON objects."""

from __future__ import annotations

import http.client
import json
import math
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, Final

from containers.worker.allora_worker.foreign_text import MOST_BYTES, first_line
from shared.loopback import open_url

_SECONDS: Final = 6
_MAX_BYTES: Final = 1_000_000


class ApiError(Exception):
    """No usable answer; the message is the end of a sentence.

    Attributes:
        status: of HTTP; None when the answer has none, or is no JSON object.
        code: the error's own number in the API's answer, if it has one.
    """

    def __init__(self, message: str, status: int | None = None, code: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def ask(api_url: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the JSON object that the API answers: to GET, or to POST with a body.

    Raises:
        ApiError: there is no usable answer.
    """
    # Callers accept only https and http.
    request = urllib.request.Request(  # noqa: S310
        f"{api_url}/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "allora-operator",
        },
    )
    try:
        with open_url(request, timeout=_SECONDS) as answer:
            value = _parsed(answer.read(_MAX_BYTES))
    except urllib.error.HTTPError as error:
        with error:
            raise _status_error(api_url, error) from error
    except (OSError, http.client.HTTPException) as error:
        raise ApiError(f"{api_url} does not answer: {_reason(error)}") from error
    except ValueError as error:
        raise ApiError(f"{api_url} does not answer in JSON") from error
    if not isinstance(value, dict):
        raise ApiError(f"{api_url} does not answer with a JSON object")
    return value


def _status_error(api_url: str, error: urllib.error.HTTPError) -> ApiError:
    beginning = _beginning(error)
    line = first_line(beginning)
    status = f"status {error.code}: {line}" if line else f"status {error.code}"
    return ApiError(f"{api_url} answers with {status}", error.code, _own_code(beginning))


def _own_code(body: bytes) -> int | None:
    """Return the number that the API gives an error; None for errors of servers before it."""
    try:
        return int(_parsed(body)["code"])
    except (KeyError, TypeError, ValueError):
        return None


def _parsed(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    """Parse JSON, or raise a ValueError; also for infinite numbers, which `int` cannot take."""
    try:
        return json.loads(body, parse_float=_finite, parse_constant=_finite)
    except RecursionError as error:
        raise ValueError from error


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _beginning(error: urllib.error.HTTPError) -> bytes:
    """Return the beginning of an error's body; nothing if it does not come."""
    try:
        return error.read(MOST_BYTES)
    except (OSError, http.client.HTTPException):
        return b""


def _reason(error: BaseException) -> str:
    """Return an error's words, without its number."""
    inner = getattr(error, "reason", error)
    if isinstance(inner, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {inner.verify_message}"
    return str(getattr(inner, "strerror", None) or inner).lower() or type(inner).__name__
