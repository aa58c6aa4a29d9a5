"""Ask a server, and tell what it refuses from what it does not answer."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from allora_cli.doctor.sources.errors import MissingError, NotPublicError, SourceError
from shared.loopback import open_url

_SECONDS: Final = 6


@contextmanager
def answer_of(request: urllib.request.Request) -> Iterator[http.client.HTTPResponse]:
    """Yield a server's answer.

    Raises:
        MissingError: status 404.
        NotPublicError: status 401 or 403.
        SourceError: any other error.
    """
    host = request.host
    try:
        with open_url(request, timeout=_SECONDS) as answer:
            yield answer
    except urllib.error.HTTPError as error:
        error.close()
        match error.code:
            case HTTPStatus.NOT_FOUND | HTTPStatus.GONE:
                raise MissingError("does not exist") from error
            case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
                raise NotPublicError("is private, or does not exist") from error
            case _:
                raise SourceError(f"is not known: {host} answers {error.code}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise SourceError(f"is not known: {host} does not answer") from error
