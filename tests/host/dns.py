"""The VPC's resolver: every name that the test plays has one address, all others do not exist."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable

_HEADER = struct.Struct("!HHHHHH")
_TYPE_A = 1
# Flags of an answer: recursion available; the last digit is "no such name".
# https://www.rfc-editor.org/rfc/rfc1035#section-4.1.1
_FOUND, _UNKNOWN = 0x8180, 0x8183


class DnsServer:
    """Answers on a UDP socket.

    Args:
        address_of: the IPv4 address of a name in lower case, None when there is no such name.
    """

    def __init__(self, listener: socket.socket, address_of: Callable[[str], str | None]) -> None:
        self._listener = listener
        self._address_of = address_of
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Stops it."""
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                query, client = self._listener.recvfrom(4096)
                self._listener.sendto(self._answer(query), client)
            except (IndexError, struct.error):
                continue  # not a query
            except OSError:
                return  # closed

    def _answer(self, query: bytes) -> bytes:
        identifier = _HEADER.unpack_from(query)[0]
        name, end = _name(query, _HEADER.size)
        question = query[_HEADER.size : end + 4]
        address = self._address_of(name.lower())
        if address is None:
            return _HEADER.pack(identifier, _UNKNOWN, 1, 0, 0, 0) + question
        if struct.unpack_from("!H", query, end)[0] != _TYPE_A:  # there is no IPv6 here
            return _HEADER.pack(identifier, _FOUND, 1, 0, 0, 0) + question
        # 0xC00C points to the name in the question.
        record = struct.pack("!HHHIH", 0xC00C, _TYPE_A, 1, 5, 4) + socket.inet_aton(address)
        return _HEADER.pack(identifier, _FOUND, 1, 1, 0, 0) + question + record


def _name(message: bytes, start: int) -> tuple[str, int]:
    """A name without compression, and where it ends."""
    labels = []
    while length := message[start]:
        labels.append(message[start + 1 : start + 1 + length].decode("ascii", "replace"))
        start += 1 + length
    return ".".join(labels), start + 1
