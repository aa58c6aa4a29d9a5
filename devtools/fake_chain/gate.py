"""The doors of the node: connections go through them, wait in front of them, or find them shut."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

CHUNK = 65536


def bind(host: str, port: int = 0) -> socket.socket:
    """Take a port, any free one by default, that refuses connections until it is listened on."""
    # With the protocol spelled out, asyncio turns off Nagle's algorithm: 40 ms less a call.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


class Gate:
    """Forwards TCP connections from a public port to a server behind it.

    To hold bytes back in front of a server is the one way in which it looks like a host that has
    stopped: the connection stands, and not even a ping is answered.

    Args:
        host: Public address.
        port: Public port; 0 takes any free one. It is kept while the gate is shut, too.
        upstream_port: The server's own port on 127.0.0.1.
    """

    def __init__(self, host: str, port: int, upstream_port: int) -> None:
        self._host = host
        self._bound = bind(host, port)
        self.port: int = self._bound.getsockname()[1]
        self._upstream_port = upstream_port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()

    async def open(self) -> None:
        """Listen, if it does not yet."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, sock=self._bound)

    def shut(self) -> None:
        """Stop listening, and drop every connection at once."""
        if self._server is not None:
            self._server.close()
            self._server = None
            self._bound = bind(self._host, self.port)
        for writer in self._writers:
            writer.transport.abort()

    def close(self) -> None:
        """Shut it, and give the port up."""
        self.shut()
        self._bound.close()

    def freeze(self) -> None:
        """Hold back everything that arrives from now on, in both directions."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Let through what was held back, and whatever follows."""
        self._flowing.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._server is None:  # shut since it took the connection
            writer.transport.abort()
            return
        with self._droppable(writer):
            upstream_reader, upstream_writer = await asyncio.open_connection(
                "127.0.0.1", self._upstream_port
            )
            with self._droppable(upstream_writer):
                if writer.is_closing():  # shut meanwhile
                    return
                directions = [
                    asyncio.create_task(self._forward(reader, upstream_writer)),
                    asyncio.create_task(self._forward(upstream_reader, writer)),
                ]
                try:
                    await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for direction in directions:
                        direction.cancel()

    @contextlib.contextmanager
    def _droppable(self, writer: asyncio.StreamWriter) -> Iterator[None]:
        """Let `shut` drop a connection while the context lasts, then close it."""
        self._writers.add(writer)
        try:
            yield
        finally:
            self._writers.remove(writer)
            writer.close()

    async def _forward(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK):
                await self._flowing.wait()
                sink.write(data)
                await sink.drain()
