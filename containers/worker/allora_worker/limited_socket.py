"""A socket with a limit of the bytes that it receives."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BYTES_AT_ONCE: Final = 16 * 1024


class LimitedSocket(socket.socket):
    """Fails with EMSGSIZE once it has received more than `max_bytes`.

    aiohttp limits an answer's lines and headers, but neither the number of `100 Continue` before it
    nor the chunks' extensions. Small reads give other tasks their turn.
    """

    def __init__(self, family: int, kind: int, protocol: int, max_bytes: int) -> None:
        super().__init__(family, kind, protocol)
        self._bytes_left = max_bytes

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """Receive, as asyncio does without TLS."""
        data = super().recv(min(bufsize, _BYTES_AT_ONCE), flags)
        self._count(len(data))
        return data

    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0, /) -> int:
        """Receive, as asyncio does for TLS."""
        size = super().recv_into(buffer, nbytes, flags)
        self._count(size)
        return size

    def _count(self, size: int) -> None:
        self._bytes_left -= size
        if self._bytes_left < 0:
            raise OSError(errno.EMSGSIZE, "more than an answer has")
