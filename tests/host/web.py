"""A web server that plays many sites, told apart by the name they are asked by."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_QUIET_SECONDS = 60


@dataclass(frozen=True)
class Request:
    """What a site was asked.

    Attributes:
        target: path and query.
        headers: by name in lower case.
    """

    method: str
    host: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path


@dataclass(frozen=True)
class Response:
    """What it answers."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Transfer:
    """What a client got.

    Attributes:
        started: seconds since 1970, as is ``ended``.
    """

    host: str
    target: str
    started: float
    ended: float
    bytes: int


class NoAnswerError(Exception):
    """The site hangs up instead of answering."""


Site = Callable[[Request], Response]


class WebServer:
    """Serves sites on a socket that listens already.

    Args:
        sites: by host name; ``*`` stands for any other name, ``*.example.org`` for any below.
        tls: for HTTPS.

    Attributes:
        transfers: all that was answered.
    """

    def __init__(
        self, listener: socket.socket, sites: Mapping[str, Site], tls: ssl.SSLContext | None = None
    ) -> None:
        self._server = _Server(listener, sites, tls)
        self.transfers = self._server.transfers
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops it."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self, listener: socket.socket, sites: Mapping[str, Site], tls: ssl.SSLContext | None
    ) -> None:
        super().__init__(listener.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.server_name, self.server_port = listener.getsockname()[:2]
        self.transfers: list[Transfer] = []
        self._sites = sites
        self._tls = tls

    def finish_request(self, request: Any, client_address: Any) -> None:
        """In the connection's own thread, so that a slow handshake holds up nobody."""
        request.settimeout(_QUIET_SECONDS)
        # Clients come and go as they like: a container is killed, a probe hangs up.
        with contextlib.suppress(OSError):
            if self._tls is None:
                super().finish_request(request, client_address)
                return
            with self._tls.wrap_socket(request, server_side=True) as secured:
                super().finish_request(secured, client_address)

    def site(self, host: str) -> Site | None:
        _, _, parent = host.partition(".")
        return self._sites.get(host) or self._sites.get(f"*.{parent}") or self._sites.get("*")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _serve(self) -> None:
        started = time.time()
        host = (self.headers.get("Host") or "").partition(":")[0]
        site = self.server.site(host)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            response = (
                site(Request(self.command, host, self.path, headers, body))
                if site
                else Response(404, f"nobody plays {host}".encode())
            )
        except NoAnswerError:
            self.close_connection = True
            return
        self.send_response(response.status)
        headers = {"Content-Length": str(len(response.body)), **response.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)
        self.server.transfers.append(
            Transfer(host, self.path, started, time.time(), len(response.body))
        )

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""
