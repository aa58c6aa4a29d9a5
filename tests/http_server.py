"""A small HTTP server on this computer, for as long as a test needs it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from socketserver import TCPServer

_POLL_SECONDS = 0.05
"""How often it looks whether it is to end; by default every half a second."""


class Handler(BaseHTTPRequestHandler):
    """Answers, and prints nothing about it."""

    def answer(
        self, status: int, document: object, headers: Mapping[str, str] | None = None
    ) -> None:
        """Answer with JSON."""
        self.send(status, json.dumps(document).encode(), headers or {})

    def send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """Send a whole answer; its length is added."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def running(server: TCPServer) -> Iterator[int]:
    """Serve in a thread; the port."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def serving(server: HTTPServer) -> Iterator[str]:
    """Serve in a thread; the URL."""
    with running(server) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def handled_by(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve what a handler answers; the URL."""
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as url:
        yield url


@contextmanager
def json_by_path(answers: Mapping[str, object]) -> Iterator[str]:
    """Serve answers by path, which may change meanwhile, and 404 otherwise; the URL."""

    class ByPath(Handler):
        def do_GET(self) -> None:
            self.answer(200 if self.path in answers else 404, answers.get(self.path, {}))

    with handled_by(ByPath) as url:
        yield url
