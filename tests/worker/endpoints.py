"""Endpoints of a chain beside its own, some of which are no good."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived

from devtools.fake_chain import FakeChain
from devtools.fake_chain.gate import Gate


@contextlib.asynccontextmanager
async def another_door(chain: FakeChain) -> AsyncIterator[Gate]:
    """A second endpoint of a chain, which stays open when the chain's own fails."""
    gate = Gate("127.0.0.1", 0, chain._grpc._upstream_port)
    await gate.open()
    try:
        yield gate
    finally:
        gate.close()


def url_of(gate: Gate) -> str:
    return f"grpc+http://127.0.0.1:{gate.port}"


class _HttpAlone(asyncio.Protocol):
    """A connection on which every request gets the same page."""

    def __init__(self, status: int) -> None:
        self._status = status
        self._connection = H2Connection(H2Configuration(client_side=False))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._connection.initiate_connection()
        transport.write(self._connection.data_to_send())

    def data_received(self, data: bytes) -> None:
        for event in self._connection.receive_data(data):
            if isinstance(event, RequestReceived):
                headers = [(":status", str(self._status)), ("content-type", "text/html")]
                self._connection.send_headers(event.stream_id, headers)
                self._connection.send_data(event.stream_id, b"<html>", end_stream=True)
        self._transport.write(self._connection.data_to_send())


@contextlib.asynccontextmanager
async def http_alone(status: int) -> AsyncIterator[str]:
    """A server that answers like a CDN in front of a node that is away; its gRPC URL."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _HttpAlone(status), "127.0.0.1", 0)
    async with server:
        yield f"grpc+http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
