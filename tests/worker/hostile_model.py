"""A model server that says what it likes, HTTP or not, for as long as somebody listens."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Self

_SECONDS = 60


class HostileModel:
    """Answers every connection with the same pieces, over and over.

    It runs in threads, so that `time.thread_time()` in a test is what the asking costs.

    Args:
        begin: what it says once.
        again: what it says from then on, without an end.
        pause: seconds between two pieces.

    Attributes:
        sent: bytes that it could get rid of.
        given_up: set when it was hung up on.
    """

    def __init__(self, begin: bytes, again: bytes, pause: float = 0) -> None:
        self._begin, self._again, self._pause = begin, again, pause
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.sent = 0
        self.given_up = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=[connection], daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(_SECONDS)
        with connection:
            try:
                connection.recv(65536)
                for piece in self._pieces():
                    self.sent += connection.send(piece)
                    time.sleep(self._pause)
            except OSError:
                self.given_up.set()

    def _pieces(self) -> Iterator[bytes]:
        yield self._begin
        # Little system calls would be the server's limit, not the asker's.
        again = self._again if self._pause else self._again * (65536 // len(self._again) + 1)
        while True:
            yield again
