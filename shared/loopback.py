"""Bypass the user's proxy for servers on this computer."""

from __future__ import annotations

import ipaddress
import urllib.request
from collections.abc import Mapping
from http.client import HTTPResponse
from typing import Final
from urllib.parse import urlsplit

_HOSTS: Final = ("127.0.0.1", "localhost", "::1")


def is_loopback(url: str) -> bool:
    """Return whether a URL's host is this computer."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def no_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    """Return proxy variables of a program that add loopback to the hosts in its environment.

    Both spellings get the hosts of both: Go reads `NO_PROXY` first, Python `no_proxy`.
    """
    named = [
        host.strip()
        for name in ("NO_PROXY", "no_proxy")
        for host in environment.get(name, "").split(",")
    ]
    # An asterisk means all hosts only if it is alone.
    hosts = "*" if "*" in named else ",".join(dict.fromkeys(filter(None, [*named, *_HOSTS])))
    return {"NO_PROXY": hosts, "no_proxy": hosts}


def open_url(request: urllib.request.Request, timeout: float) -> HTTPResponse:
    """Open a URL like `urllib.request.urlopen`, but loopback without a proxy.

    Raises:
        OSError: There is no answer, or an HTTP error.
    """
    opener = (
        urllib.request.build_opener(urllib.request.ProxyHandler({}))
        if is_loopback(request.full_url)
        else urllib.request.build_opener()
    )
    answer: HTTPResponse = opener.open(request, timeout=timeout)
    return answer
