"""Admits connections at the public port.

The event loop that serves them is the one that submits. So the listener accepts a limited number of
connections a second, admits few of them, and closes the others at once, which costs next to
nothing. The kernel keeps the rest in its backlog.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final

from .errors import CannotStartError
from .rate_limit import PeerLimit

# Accepted at once, and the seconds until the next batch: at most 6,400 connections a second.
_BATCH: Final = 32
_PAUSE: Final = 0.005
_BACKLOG: Final = 64
_NO_DESCRIPTOR_PAUSE: Final = 0.5

_PER_SECOND: Final = 300
_PER_SECOND_OF_A_PEER: Final = 20
_MAX_CONNECTIONS: Final = 64
_MAX_CONNECTIONS_OF_A_PEER: Final = 16
# Of a connection: it serves one request, of which the model server's answer takes the longest.
_SECONDS: Final = 20.0
_RECEIVE_BUFFER: Final = 16 * 1024  # bytes; no request needs more


class PublicListener:
    """Admits connections up to a limit, in total and of each peer.

    At the limit, the oldest connection that does not wait for the model server makes room for a new
    one, so that idle connections lock no one out.
    """

    def __init__(self) -> None:
        self._limit = PeerLimit(_PER_SECOND, _PER_SECOND_OF_A_PEER)
        self._connections: dict[_Connection, None] = {}  # a set in the order of arrival
        self._kept: set[object] = set()

    @contextlib.asynccontextmanager
    async def open(
        self, host: str, port: int, protocol: Callable[[], asyncio.Protocol]
    ) -> AsyncIterator[int]:
        """Listen at an IPv4 address within the context, which gives the port; 0 means any.

        Raises:
            CannotStartError: The port is taken.
        """
        with _listen(host, port) as listening:
            listening.settimeout(0)  # non-blocking, as the event loop wants it
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            accepting = asyncio.create_task(self._accept(listening, protocol))
            try:
                yield listening.getsockname()[1]
            finally:
                accepting.cancel()
                await asyncio.wait([accepting])

    @contextlib.contextmanager
    def keeping(self, transport: object) -> Iterator[None]:
        """Keep a connection within the context when others need room."""
        self._kept.add(transport)
        try:
            yield
        finally:
            self._kept.discard(transport)

    async def _accept(
        self, listening: socket.socket, protocol: Callable[[], asyncio.Protocol]
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                for _ in range(_BATCH):
                    socket_, (peer, _port) = await loop.sock_accept(listening)
                    if self._has_room_for(peer):
                        await _admit(socket_, _Connection(peer, protocol(), self._connections))
                    else:
                        socket_.close()
            except OSError:  # no file descriptor is left
                await asyncio.sleep(_NO_DESCRIPTOR_PAUSE)
            await asyncio.sleep(_PAUSE)

    def _has_room_for(self, peer: str) -> bool:
        if not self._limit.take(peer):
            return False
        candidates = [connection for connection in self._connections if connection.peer == peer]
        if len(candidates) < _MAX_CONNECTIONS_OF_A_PEER:
            if len(self._connections) < _MAX_CONNECTIONS:
                return True
            candidates = list(self._connections)
        for connection in candidates:
            if connection.transport not in self._kept:
                connection.end()
                return True
        return False


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=_BACKLOG)
    except OSError as error:
        raise CannotStartError(
            f"port {port} cannot be listened on: {error.strerror}",
            "stop the program that listens there",
        ) from error


async def _admit(socket_: socket.socket, connection: _Connection) -> None:
    try:
        await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, socket_)
    except OSError:  # the peer has disconnected
        socket_.close()


class _Connection(asyncio.Protocol):
    """A connection with a time limit, which is in `connections` while it lasts."""

    def __init__(
        self, peer: str, protocol: asyncio.Protocol, connections: dict[_Connection, None]
    ) -> None:
        self.peer = peer
        self.transport: asyncio.Transport | None = None
        self._protocol = protocol
        self._connections = connections
        self._timer: asyncio.TimerHandle | None = None

    def end(self) -> None:
        """Close the connection, and discard what is not sent yet."""
        self._connections.pop(self, None)
        if self.transport is not None:
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a TCP connection
        self._connections[self] = None
        self.transport = transport
        self._timer = asyncio.get_running_loop().call_later(_SECONDS, self.end)
        self._protocol.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()
        self._protocol.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._protocol.data_received(data)

    def eof_received(self) -> bool | None:
        return self._protocol.eof_received()

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()
