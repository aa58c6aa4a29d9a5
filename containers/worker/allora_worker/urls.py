"""How URLs are written in logs and in `/health`, which everybody may read."""

from __future__ import annotations

from urllib.parse import urlsplit


def host_of(url: str) -> str:
    """Scheme, host and port alone: providers of endpoints put the customer's key behind them."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def without_query(url: str) -> str:
    """Without what may be a key: the user's name and password, and the query."""
    return host_of(url) + urlsplit(url).path
