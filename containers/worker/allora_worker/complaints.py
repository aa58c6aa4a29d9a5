"""Says what an HTTP server answers instead of what it was asked for."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final
from urllib.parse import urljoin

import aiohttp

from .errors import shorten
from .foreign_text import MOST_BYTES, first_line
from .urls import without_query

_SECONDS: Final = 2.0  # for the body of a complaint


async def complaint(response: aiohttp.ClientResponse) -> str:
    """Return an answer's status, with a redirect's target or the first line of the body."""
    status = f"status {response.status}"
    if target := _target(response):
        return f"{status}, a redirect to {target}"
    line = first_line(await _beginning(response))
    return f"{status}: {line}" if line else status


def is_redirect(response: aiohttp.ClientResponse) -> bool:
    """Return whether an answer names another address."""
    return _target(response) is not None


def _target(response: aiohttp.ClientResponse) -> str | None:
    location = response.headers.get("Location")
    if location is None or response.status // 100 != 3:  # noqa: PLR2004 - the class of redirects
        return None
    try:
        return shorten(without_query(urljoin(str(response.url), location)), 200)
    except ValueError:
        return "an address that is no URL"


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    """Return the beginning of the body: what arrives of it in time."""
    content = bytearray()
    with contextlib.suppress(aiohttp.ClientError, OSError):
        async with asyncio.timeout(_SECONDS):
            async for chunk in response.content.iter_any():
                content += chunk
                if len(content) >= MOST_BYTES:
                    break
    response.close()
    return bytes(content)
