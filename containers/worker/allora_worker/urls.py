"""URLs for logs and `/health`, without secrets."""

from __future__ import annotations

from urllib.parse import urlsplit


def host_of(url: str) -> str:
    """Return scheme, host and port; a provider's path or query may hold the customer's key."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def without_query(url: str) -> str:
    """Return the URL without user name, password and query."""
    return host_of(url) + urlsplit(url).path
