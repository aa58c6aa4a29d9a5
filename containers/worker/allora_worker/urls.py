"""URLs for logs and `/health`, without secrets."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

_PORTS: Final = {"http": 80, "ws": 80, "grpc+http": 80}
_TLS_PORT: Final = 443


def host_of(url: str) -> str:
    """Return scheme, host and port; a provider's path or query may hold the customer's key."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def address_of(url: str) -> str:
    """Return host and port."""
    address = host_of(url).partition("://")[2]
    parts = urlsplit(url)
    return address if parts.port else f"{address}:{_PORTS.get(parts.scheme, _TLS_PORT)}"


def without_query(url: str) -> str:
    """Return the URL without user name, password and query."""
    return host_of(url) + urlsplit(url).path
