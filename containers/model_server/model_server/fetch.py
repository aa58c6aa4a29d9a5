"""Fetches JSON documents from sources, which are not trusted."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

import aiohttp

from model_server.prices import Json, SourceError, UnknownTokenError

TIMEOUT = 3.0
"""Seconds for one answer, including DNS."""

_LARGEST = 1_000_000
"""Bytes of one answer; 300 candles are 20 to 40 KB."""

_SHOWN = 60
"""Characters of an answer that are quoted in the log."""

_HEADERS = {
    "User-Agent": "allora-model-server",  # Coinbase refuses requests without one
    "Accept-Encoding": "identity",  # so that the size limit holds
}

_Read = TypeVar("_Read")


def new_session() -> aiohttp.ClientSession:
    """Return the HTTP session for all sources; connections outlive the pause between prices."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(keepalive_timeout=90),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT),
        headers=_HEADERS,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
    )


async def fetch(session: aiohttp.ClientSession, url: str, read: Callable[[Json], _Read]) -> _Read:
    """Fetch a document, and return what `read` extracts from it.

    Raises:
        UnknownTokenError: The source does not have the document.
        SourceError: The source failed, or `read` raised an exception for wrong types, keys or
            values.
    """
    try:
        body = await _get(session, url)
        return read(json.loads(body))
    except TimeoutError:
        raise SourceError(f"no answer within {TIMEOUT:.0f} s") from None
    except (aiohttp.ClientError, OSError) as error:
        raise SourceError(_explain(error)) from None
    except (AttributeError, LookupError, OverflowError, RecursionError, TypeError, ValueError):
        raise SourceError("malformed answer") from None


async def _get(session: aiohttp.ClientSession, url: str) -> bytes:
    async with session.get(url, allow_redirects=False) as response:
        if response.status == HTTPStatus.NOT_FOUND:
            raise UnknownTokenError("HTTP 404")
        if response.status != HTTPStatus.OK:
            raise SourceError(await _complaint(response))
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > _LARGEST:
                raise SourceError(f"more than {_LARGEST} bytes")
        return bytes(body)


async def _complaint(response: aiohttp.ClientResponse) -> str:
    """Return an answer's status, with a redirect's target or the first line of the body."""
    status = f"HTTP {response.status}"
    if location := response.headers.get("Location"):
        return f"{status}, a redirect to {_one_line(location)}"
    line = _one_line((await response.content.read(_SHOWN)).decode(errors="replace"))
    return f"{status}: {line}" if line else status


def _explain(error: Exception) -> str:
    """Return why a source cannot be asked."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"the certificate of {error.host} is not valid: {error.certificate_error}"[:200]
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"DNS does not find {error.host}: {error.strerror}"
    if isinstance(error, aiohttp.ClientConnectorError):
        if isinstance(error.os_error, ConnectionRefusedError):
            return f"nothing listens on {error.host}:{error.port}"
        return f"{error.host}:{error.port} cannot be reached: {error.strerror}"[:200]
    return f"{type(error).__name__}: {error}"[:200]


def _one_line(text: str) -> str:
    """Return the first line with words, of printable characters."""
    lines = (line.strip() for line in text.splitlines())
    line = next((line for line in lines if any(map(str.isalnum, line))), "")
    return "".join(c if c.isprintable() else "?" for c in line)[:_SHOWN]
