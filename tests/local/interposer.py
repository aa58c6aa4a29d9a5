"""Stands between the tools and the embedded AWS, and answers some of their requests itself.

For what moto never does: refuse for a quota, throttle, break the connection, not reach a host.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.local.conftest import Deployment


@dataclass(frozen=True)
class Answer:
    """What is answered in place of the embedded AWS; status 0 breaks the connection."""

    status: int
    body: str
    kind: str = "text/xml"


Rule = Callable[[str], Answer | None]
"""Answers an action by its name, such as `RunInstances`, or leaves it to the embedded AWS."""


def ec2_error(code: str, message: str, status: int = 400) -> Answer:
    return Answer(
        status,
        f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        "</Errors><RequestID>0</RequestID></Response>",
    )


def json_error(code: str, message: str, status: int = 400) -> Answer:
    text = f'{{"__type": "{code}", "message": "{message}"}}'
    return Answer(status, text, "application/x-amz-json-1.1")


BROKEN = Answer(0, "")


@contextmanager
def interposed(
    deployment: Deployment, rule: Rule, bodies: dict[str, bytes] | None = None
) -> Iterator[Deployment]:
    """A deployment whose requests go by the rule first.

    `bodies` gets the last of each action, once it was carried out and before it is answered.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            action = self._action(body)
            answer = rule(action)
            if answer is None:
                status, headers, content = self._forward(body)
            else:
                status, headers = answer.status, {"Content-Type": answer.kind}
                content = answer.body.encode()
            if bodies is not None:
                bodies[action] = body
            if status:
                self._send(status, headers, content)
            else:
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any  # noqa: N815

        def _action(self, body: bytes) -> str:
            if target := self.headers.get("X-Amz-Target"):
                return target.rpartition(".")[2]
            return parse_qs(body.decode("latin-1")).get("Action", [self.path])[0]

        def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
            url = urlsplit(deployment.emulator.url)
            connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=60)
            try:
                connection.request(self.command, self.path, body, dict(self.headers))
                answer = connection.getresponse()
                return answer.status, dict(answer.getheaders()), answer.read()
            finally:
                connection.close()

        def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in {"transfer-encoding", "connection", "content-length"}:
                    self.send_header(name, value)
            length = headers.get("Content-Length") if self.command == "HEAD" else str(len(body))
            self.send_header("Content-Length", length or "0")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    emulator = replace(deployment.emulator, url=f"http://127.0.0.1:{server.server_port}")
    try:
        yield Deployment(emulator, deployment.directory, deployment.settings)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class Held:
    """An action that is not carried out until its time has come.

    Attributes:
        deployment: whose requests are held.
        came: set once there is one.
        go: breaks the connection of those that came, and lets others pass.
    """

    deployment: Deployment
    came: threading.Event
    go: threading.Event


@contextmanager
def holding(deployment: Deployment, action: str) -> Iterator[Held]:
    """A deployment whose requests for an action stay without an answer, and without effect."""
    came, go = threading.Event(), threading.Event()

    def hold(each: str) -> Answer | None:
        if each != action or go.is_set():
            return None
        came.set()
        go.wait()
        return BROKEN

    with interposed(deployment, hold) as held:
        try:
            yield Held(held, came, go)
        finally:
            go.set()
