"""The strangers' door: who is let in at a port that everybody can reach.

The event loop that answers strangers is the one that submits. So the door looks at so many
connections a second and no more, lets a small part of them in, and closes the others at once: that
costs next to nothing. What the kernel keeps meanwhile costs the worker nothing at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final

from .rate_limit import PeerLimit

# Accepted in a row, and the seconds until the next row: at most 6,400 connections a second.
_ROW: Final = 32
_PAUSE: Final = 0.005
_BACKLOG: Final = 64
_NO_DESCRIPTOR_PAUSE: Final = 0.5

_PER_SECOND: Final = 300
_PER_SECOND_OF_A_PEER: Final = 20
_MOST: Final = 64
_MOST_OF_A_PEER: Final = 16
# For a connection from its first byte to its last: it serves one request, of which the model
# server's answer takes the most.
_SECONDS: Final = 20.0
_RECEIVE_BUFFER: Final = 16 * 1024  # bytes; no request needs more


class Door:
    """Lets strangers in.

    A full house makes room for a newcomer: whoever has waited longest without a question that the
    model is asked has to leave. So sockets on which nothing comes keep nobody out.
    """

    def __init__(self) -> None:
        self._limit = PeerLimit(_PER_SECOND, _PER_SECOND_OF_A_PEER)
        self._visits: dict[_Visit, None] = {}  # a set that knows who came first
        self._kept: set[object] = set()

    @contextlib.asynccontextmanager
    async def open(
        self, host: str, port: int, protocol: Callable[[], asyncio.Protocol]
    ) -> AsyncIterator[int]:
        """Lets strangers in while the context lasts.

        Args:
            host: The address to listen on, IPv4.
            port: May be 0 for any.
            protocol: Makes what serves a connection.

        Yields:
            The port.

        Raises:
            OSError: The port is taken.
        """
        with socket.create_server((host, port), backlog=_BACKLOG) as listening:
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
        """Closes a connection for nobody's sake while the context lasts."""
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
                for _ in range(_ROW):
                    connection, (peer, _port) = await loop.sock_accept(listening)
                    if self._has_room_for(peer):
                        await self._let_in(connection, _Visit(peer, protocol(), self._visits))
                    else:
                        connection.close()
            except OSError:  # no file descriptor is left
                await asyncio.sleep(_NO_DESCRIPTOR_PAUSE)
            await asyncio.sleep(_PAUSE)

    async def _let_in(self, connection: socket.socket, visit: _Visit) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: visit, connection)
        except OSError:  # it is gone already
            connection.close()

    def _has_room_for(self, peer: str) -> bool:
        if not self._limit.take(peer):
            return False
        crowd = [visit for visit in self._visits if visit.peer == peer]
        if len(crowd) < _MOST_OF_A_PEER:
            if len(self._visits) < _MOST:
                return True
            crowd = list(self._visits)
        for visit in crowd:
            if visit.transport not in self._kept:
                visit.end()
                return True
        return False


class _Visit(asyncio.Protocol):
    """A connection, which ends in any case after some time.

    Args:
        peer: Whose it is.
        protocol: What serves it.
        visits: Has it while it lasts.
    """

    def __init__(self, peer: str, protocol: asyncio.Protocol, visits: dict[_Visit, None]) -> None:
        self.peer = peer
        self.transport: asyncio.Transport | None = None
        self._protocol = protocol
        self._visits = visits
        self._timer: asyncio.TimerHandle | None = None

    def end(self) -> None:
        """Closes the connection, whatever is still to be sent."""
        self._visits.pop(self, None)
        if self.transport is not None:
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a TCP connection
        self._visits[self] = None
        self.transport = transport
        self._timer = asyncio.get_running_loop().call_later(_SECONDS, self.end)
        self._protocol.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._visits.pop(self, None)
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
