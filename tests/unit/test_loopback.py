"""Loopback is reached without the user's proxy, everything else through it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.request import Request

import pytest

from shared.loopback import is_loopback, no_proxy, open_url
from tests.http_server import Handler, handled_by

NOWHERE = "http://127.0.0.1:9"


class _Names(Handler):
    """Answers with the request's target: a whole URL where it is taken for a proxy."""

    def do_GET(self) -> None:
        self.send(200, self.path.encode(), {})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("NO_PROXY", "no_proxy", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
    with handled_by(_Names) as url:
        yield url


def test_loopback_is_reached_without_the_proxy(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", NOWHERE)
    with open_url(Request(f"{server}/here"), timeout=30) as answer:  # noqa: S310
        assert answer.read() == b"/here"


def test_everything_else_goes_through_the_proxy(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server)
    with open_url(Request("http://chain.invalid/there"), timeout=30) as answer:
        assert answer.read() == b"http://chain.invalid/there"


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("http://127.0.0.1:5000/", True),
        ("http://127.9.9.9", True),
        ("http://localhost:1317/path", True),
        ("http://[::1]:80", True),
        ("https://127.0.0.1.example.org", False),
        ("https://api.testnet.allora.network", False),
        ("http://10.0.0.1", False),
        ("", False),
    ],
)
def test_is_loopback(url: str, answer: bool) -> None:  # noqa: FBT001
    assert is_loopback(url) is answer


@pytest.mark.parametrize(
    ("given", "hosts"),
    [
        ({}, "127.0.0.1,localhost,::1"),
        ({"NO_PROXY": "a.example, b.example"}, "a.example,b.example,127.0.0.1,localhost,::1"),
        ({"no_proxy": "localhost,.corp"}, "localhost,.corp,127.0.0.1,::1"),
        ({"NO_PROXY": "one", "no_proxy": "two"}, "one,two,127.0.0.1,localhost,::1"),
        ({"NO_PROXY": "*"}, "*"),
    ],
)
def test_no_proxy_keeps_what_is_named_already(given: dict[str, str], hosts: str) -> None:
    assert no_proxy(given) == {"NO_PROXY": hosts, "no_proxy": hosts}
