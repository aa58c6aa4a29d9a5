"""Attacks on port 9010, from a process of their own: `python attacks.py KIND PORT AMOUNT PEERS`.

AMOUNT is a number of requests for `requests`, and seconds for the others. The attackers have PEERS
addresses of the loopback network, which are those behind 127.0.0.1, that of the honest. How often
the worker was reached is printed at the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

TOKEN: Final = "a-consumers-token"
_THREADS: Final = 8

_HEALTH: Final = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
_INFERENCE: Final = b"GET /inference/%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n"
_MALFORMED: Final = (
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET /health HTTP/9.9\r\nHost: x\r\n\r\n",
    b"GET\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
    b"GET /health HTTP/1.1\r\nHost: x\r\nX\r\n\r\n",
    b"GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"GET /health HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
    b"GET /health HTTP/1.1\r\nHost: x\r\n" + b"X: x\r\n" * 10_000 + b"\r\n",
    b"GET http://[::1/health HTTP/1.1\r\nHost: [\r\n\r\n",
    b"GET //\xff\xfe/%ff%00 HTTP/1.1\r\nHost: \xff\r\n\r\n",
    b"POST /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /inference/BTC HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 9999,
    b"GET /health HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nx",
    b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
    _HEALTH * 1000,
)
_MIXED: Final = (
    _HEALTH,
    _INFERENCE % (b"BTC", TOKEN.encode()),
    _INFERENCE % (b"BTC", b"wrong"),
    b"GET /inference/BTC HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
    _INFERENCE % (b"..", TOKEN.encode()),
    _INFERENCE % (b"%2e%2e%2f", TOKEN.encode()),
    b"POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
)


def _peers(count: int) -> Iterator[str]:
    """Addresses, again and again."""
    return itertools.cycle([f"127.1.{n // 250}.{n % 250 + 1}" for n in range(count)])


def _once(port: int, peer: str, request: bytes) -> None:
    with socket.socket() as client:
        client.settimeout(10)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # no TIME_WAIT
        client.bind((peer, 0))
        client.connect(("127.0.0.1", port))
        client.sendall(request)
        while client.recv(65536):
            pass


def _in_threads(port: int, peers: int, requests: Callable[[], bytes | None]) -> int:
    addresses = _peers(peers)
    lock = threading.Lock()
    done = 0

    def work() -> None:
        nonlocal done
        while True:
            with lock:
                request, peer = requests(), next(addresses)
                done += 1
            if request is None:
                return
            with contextlib.suppress(OSError):
                _once(port, peer, request)

    threads = [threading.Thread(target=work) for _ in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done - _THREADS


def requests(port: int, amount: float, peers: int) -> int:
    """Right and wrong requests, as fast as they are answered."""
    mixed = itertools.islice(itertools.cycle(_MIXED), int(amount))
    return _in_threads(port, peers, lambda: next(mixed, None))


def malformed(port: int, amount: float, peers: int) -> int:
    """What is no request."""
    deadline = time.monotonic() + amount
    each = itertools.cycle(_MALFORMED)
    return _in_threads(port, peers, lambda: next(each) if time.monotonic() < deadline else None)


def flood(port: int, amount: float, peers: int) -> int:
    """Right requests, as many as can be made."""
    deadline = time.monotonic() + amount
    return _in_threads(port, peers, lambda: _HEALTH if time.monotonic() < deadline else None)


async def _hold(port: int, peer: str, deadline: float, slowly: bytes) -> int:
    """Keeps a connection open, byte by byte, and opens another when it is closed.

    Returns:
        How many connections there were.
    """
    opened = 0
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(peer, 0))
            opened += 1
            rest = iter(slowly)
            while time.monotonic() < deadline and not await _is_closed_in_a_second(reader):
                writer.write(bytes(itertools.islice(rest, 1)))
            writer.close()
        await asyncio.sleep(0.02)
    return opened


async def _is_closed_in_a_second(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(1):
            await reader.read()
    except TimeoutError:
        return False
    return True


async def _hold_many(port: int, amount: float, peers: int, clients: int, slowly: bytes) -> int:
    deadline = time.monotonic() + amount
    addresses = _peers(peers)
    return sum(
        await asyncio.gather(
            *(_hold(port, next(addresses), deadline, slowly) for _ in range(clients))
        )
    )


def loris(port: int, amount: float, peers: int) -> int:
    """200 clients whose requests come byte by byte."""
    return asyncio.run(_hold_many(port, amount, peers, 200, _HEALTH[:-4] + b"\r\nX: "))


def silent110(port: int, amount: float, peers: int) -> int:
    """110 clients that say nothing."""
    return asyncio.run(_hold_many(port, amount, peers, 110, b""))


def silent400(port: int, amount: float, peers: int) -> int:
    """400 clients that say nothing."""
    return asyncio.run(_hold_many(port, amount, peers, 400, b""))


KINDS: Final = {
    attack.__name__: attack for attack in (requests, malformed, flood, loris, silent110, silent400)
}

if __name__ == "__main__":
    kind, port, amount, peers = sys.argv[1:]
    print(KINDS[kind](int(port), float(amount), int(peers)))
