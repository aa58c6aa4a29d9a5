"""A server that cannot be asked, on real sockets: over HTTP and over gRPC."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

import aiohttp
import pytest
from allora_sdk import AlloraNetworkConfig
from allora_worker.block_clock import BlockClock
from allora_worker.chain import Chain
from allora_worker.errors import ChainUnavailableError
from allora_worker.networks import Network
from allora_worker.unreachable import explain
from allora_worker.urls import address_of
from allora_worker.wallet import load_wallet

from devtools.fake_chain.gate import bind
from tests.worker.timings import QUICK

pytestmark = pytest.mark.asyncio

Talk = Callable[[socket.socket], None]
"""What a server does with a connection."""


class Ask(Protocol):
    """Asks a server, and returns what is said about it."""

    async def __call__(self, url: str) -> str: ...


async def over_http(url: str) -> str:
    limit = aiohttp.ClientTimeout(total=2)
    async with aiohttp.ClientSession(timeout=limit) as session:
        with pytest.raises((aiohttp.ClientError, OSError)) as caught:
            await session.get(url)
    return explain(caught.value, address_of(url))


async def over_grpc(url: str, secrets: Path) -> str:
    sdk = AlloraNetworkConfig.local(url=f"grpc+{url}")
    network = Network("local", sdk, ("ws://127.0.0.1:1/websocket",), None, "")
    timings = dataclasses.replace(QUICK, chain_call=2.0)
    chain = Chain(network, load_wallet(secrets), BlockClock(0.1), timings)
    with contextlib.closing(chain), pytest.raises(ChainUnavailableError) as caught:
        await chain.balance()
    return str(caught.value)


@pytest.fixture(params=["http", "grpc"])
def ask(request: pytest.FixtureRequest, secrets: Path) -> Ask:
    return over_http if request.param == "http" else partial(over_grpc, secrets=secrets)


async def said(ask: Ask, talk: Talk, scheme: str = "http") -> str:
    """Ask a server on any port; the sentence has PORT in its place."""

    is_over = threading.Event()

    def serve() -> None:
        while not is_over.is_set():
            connection, _ = listening.accept()
            with connection, contextlib.suppress(OSError):
                talk(connection)

    with contextlib.closing(bind("127.0.0.1")) as listening:
        listening.listen()
        port = listening.getsockname()[1]
        serving = asyncio.create_task(asyncio.to_thread(serve))
        sentence = await ask(f"{scheme}://127.0.0.1:{port}")
        is_over.set()
        socket.create_connection(("127.0.0.1", port)).close()  # the last one that it accepts
        await serving
    return sentence.replace(str(port), "PORT")


async def test_nothing_listens(ask: Ask) -> None:
    with contextlib.closing(bind("127.0.0.1")) as bound:
        port = bound.getsockname()[1]
        assert await ask(f"http://127.0.0.1:{port}") == f"nothing listens on 127.0.0.1:{port}"


async def test_an_unknown_host(ask: Ask) -> None:
    sentence = await ask("https://node.invalid")
    assert sentence.startswith("DNS does not find the host of node.invalid:443: ")


async def test_a_server_that_is_silent(ask: Ask) -> None:
    def talk(connection: socket.socket) -> None:
        while connection.recv(1024):
            pass

    assert await said(ask, talk) == "127.0.0.1:PORT does not answer in time"


async def test_a_server_that_hangs_up(ask: Ask) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(1024)

    sentence = await said(ask, talk)
    assert sentence == "127.0.0.1:PORT closed the connection before its answer"


async def test_a_server_without_tls(ask: Ask) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(1024)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    sentence = await said(ask, talk, "https")
    assert sentence.startswith("TLS with 127.0.0.1:PORT fails: ")
    assert "ssl:" not in sentence


async def test_a_certificate_of_nobody_s(ask: Ask, tmp_path: Path) -> None:
    context = self_signed(tmp_path)

    def talk(connection: socket.socket) -> None:
        context.wrap_socket(connection, server_side=True).close()

    sentence = await said(ask, talk, "https")
    assert sentence == "the certificate of 127.0.0.1:PORT is not valid: self-signed certificate"


def self_signed(folder: Path) -> ssl.SSLContext:
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=nobody"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
