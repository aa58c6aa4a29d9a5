"""Link a wallet to an account of Allora Forge, which its owner approves in the browser.

The requests are those of `wallet_link.py` in
https://github.com/allora-network/allora-forge-builder-kit, after
https://datatracker.ietf.org/doc/html/rfc8628.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from allora_cli import json_api
from allora_cli.errors import ErrorCode, ExitCode, OperatorError
from allora_cli.forge.proof import proof_of
from allora_cli.json_api import ApiError
from allora_cli.terminal.text import clean
from containers.worker.allora_worker import contract
from containers.worker.allora_worker.foreign_text import first_line
from shared.loopback import is_loopback

if TYPE_CHECKING:
    from ecdsa import SigningKey

FORGE_URL: Final = "https://forge.allora.network"

_PATH: Final = "api/v1/wallet-link/device"
_PAUSE: Final = range(1, 61)
"""Seconds between two questions that are accepted from the server."""
_USUAL_PAUSE: Final = 5
_LONGEST: Final = 1800
"""Seconds to wait at most, whatever the server says."""
_PASSING: Final = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
_PORTS: Final = {"https": 443, "http": 80}


class _Status(StrEnum):
    """Answers to the question whether the owner has approved."""

    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Session:
    """A link that waits for approval.

    Attributes:
        url: Forge's.
        text: what the wallet is to sign.
        page: where the owner approves.
        user_code: what the page shows, too.
        pause: seconds between two questions.
        seconds: until it expires.
    """

    url: str
    address: str
    text: str
    page: str
    user_code: str
    device_code: str
    pause: int
    seconds: int


def check_url(url: str) -> str:
    """Return Forge's URL without a slash at its end.

    Raises:
        OperatorError: it has more than scheme and host, or is not encrypted.
    """
    try:
        parts = contract.url(url, ("https", "http"), example=FORGE_URL)
    except contract.InvalidValueError as error:
        raise OperatorError(ErrorCode.FORGE, f"{url!r} {error.message}: {error.remedy}") from None
    if parts.scheme == "http" and not is_loopback(url):
        problem = "is not encrypted"
    elif parts.path.strip("/") or parts.query:
        problem = "has more than the host"
    else:
        return f"{parts.scheme}://{parts.netloc}"
    raise OperatorError(ErrorCode.FORGE, f"{url!r} {problem}: as in {FORGE_URL}")


def start(url: str, address: str) -> Session:
    """Ask for a link.

    Raises:
        OperatorError: there is no usable answer, or its page is not Forge's.
    """
    with _asking():
        answer = json_api.ask(url, f"{_PATH}/start", {"addresses": [address]})
    try:
        texts = {each["address"]: each["message"] for each in answer["challenges"]}
        session = Session(
            url,
            address,
            text=_text(texts[address]),
            page=_text(answer["verification_uri_complete"]),
            user_code=_text(answer["user_code"]),
            device_code=_text(answer["device_code"]),
            pause=min(max(int(answer.get("interval", _USUAL_PAUSE)), _PAUSE[0]), _PAUSE[-1]),
            seconds=min(max(int(answer.get("expires_in", _LONGEST)), 1), _LONGEST),
        )
        is_forge = _origin(session.page) == _origin(url)
    except (KeyError, TypeError, ValueError) as error:
        raise _not_understood(url) from error
    if not is_forge:
        raise OperatorError(
            ErrorCode.FORGE,
            f"{url} names a page of another server for the approval: {clean(session.page)}. "
            "Nothing was signed.",
        )
    return session


def submit(session: Session, key: SigningKey) -> None:
    """Send the wallet's signature.

    Raises:
        OperatorError: Forge does not accept it.
    """
    proof = proof_of(session.address, session.text, key)
    body = {"device_code": session.device_code, "signatures": [proof]}
    with _asking():
        answer = json_api.ask(session.url, f"{_PATH}/submit", body)
    match answer:
        case {"rejected": [{"reason": reason}, *_]}:
            raise _refused(session, str(reason))
        case {"rejected": [first, *_]}:
            raise _refused(session, str(first))
        case {"error": str(error)} if error:
            raise _refused(session, error)


def wait(session: Session, sleep: Callable[[float], None] = time.sleep) -> None:
    """Wait until the owner has approved.

    Raises:
        OperatorError: the owner has not, or the wallet was not linked.
    """
    until = time.monotonic() + session.seconds
    while time.monotonic() < until:
        sleep(session.pause)
        match _poll(session):
            case {"status": _Status.APPROVED, "linked": [*linked]} if session.address in linked:
                return
            case {"status": _Status.APPROVED}:
                raise OperatorError(
                    ErrorCode.FORGE, "You approved, but Forge has not linked the wallet. Try again."
                )
            case {"status": _Status.DENIED}:
                raise OperatorError(
                    ErrorCode.DECLINED, "You declined the link in the browser. Nothing was linked."
                )
            case {"status": _Status.EXPIRED}:
                break
    raise OperatorError(
        ErrorCode.FORGE,
        "Nobody has approved the link in time. Nothing was linked. Run the same command again.",
        exit_code=ExitCode.TIMEOUT,
    )


def _poll(session: Session) -> dict[str, Any]:
    """Return the answer; nothing when there is none at the moment."""
    body = {"device_code": session.device_code}
    try:
        return json_api.ask(session.url, f"{_PATH}/poll", body)
    except ApiError as error:
        if error.status is None or error.status in _PASSING:
            return {}
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return {}
        raise _no_answer(error) from error


@contextmanager
def _asking() -> Iterator[None]:
    try:
        yield
    except ApiError as error:
        raise _no_answer(error) from error


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError
    value.encode()  # a lone surrogate is a ValueError
    return value


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _refused(session: Session, reason: str) -> OperatorError:
    line = first_line(reason.encode(errors="replace"))
    return OperatorError(
        ErrorCode.FORGE, f"{session.url} refuses the signature: {line}. Nothing was linked."
    )


def _no_answer(error: ApiError) -> OperatorError:
    return OperatorError(ErrorCode.FORGE, f"{error}. Nothing was linked. Try again later.")


def _not_understood(url: str) -> OperatorError:
    return OperatorError(
        ErrorCode.FORGE,
        f"{url} answers something else than this version knows. Nothing was signed.",
    )
