"""Stands between the tools and the embedded AWS, and answers some of their requests itself.

For what moto never does: refuse for a quota, throttle, break the connection, not reach a host.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from devtools.embedded_aws.emulator import ACCOUNT_ID
from tests.http_server import handled_by
from tests.local.asked import Asked
from tests.local.deployment import Deployment


@dataclass(frozen=True)
class Answer:
    """What is answered in place of the embedded AWS; status 0 breaks the connection."""

    status: int
    body: str
    kind: str = "text/xml"


@dataclass(frozen=True)
class Refusal:
    """That the caller may not do it, or not now, in the protocol of the request."""

    code: str
    status: int = HTTPStatus.BAD_REQUEST

    def answer(self, asked: Asked) -> Answer:
        user = f"arn:aws:iam::{ACCOUNT_ID}:user/ada"
        message = f"User: {user} is not authorized to perform: {asked.action}"
        refuse = json_error if asked.is_json else ec2_error
        return refuse(self.code, message, self.status)


BROKEN = Answer(0, "")
"""Nothing is carried out, and the connection breaks."""

LOST = Answer(0, "lost")
"""It is carried out, and the connection breaks before the answer has come."""

Rule = Callable[[str], Answer | Refusal | None]
"""Answers an action by its name, such as `RunInstances`, or leaves it to the embedded AWS."""


def ec2_error(code: str, message: str, status: int = 400) -> Answer:
    return Answer(
        status,
        f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        "</Errors><RequestID>0</RequestID></Response>",
    )


def json_error(code: str, message: str, status: int = 400) -> Answer:
    text = json.dumps({"__type": code, "message": message})
    return Answer(status, text, "application/x-amz-json-1.1")


@contextmanager
def interposed(
    deployment: Deployment, rule: Rule, asked: list[Asked] | None = None
) -> Iterator[Deployment]:
    """A deployment whose requests go by the rule first.

    `asked` gets each request, once it was carried out and before it is answered.
    """

    behind = urlsplit(deployment.emulator.url).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            request = self._request()
            answer = rule(request.action)
            if isinstance(answer, Refusal):
                answer = answer.answer(request)
            if answer is None or answer is LOST:
                status, headers, content = self._forward(request.body)
            else:
                status, headers = answer.status, {"Content-Type": answer.kind}
                content = answer.body.encode()
            if asked is not None:
                asked.append(request)
            if status and answer is not LOST:
                self._send(status, headers, content)
            else:
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any  # noqa: N815

        def _request(self) -> Asked:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            return Asked(self.command, self.path, headers, body)

        def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
            connection = http.client.HTTPConnection(behind, timeout=60)
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

    with handled_by(Handler) as url:
        emulator = replace(deployment.emulator, url=url)
        yield Deployment(emulator, deployment.directory, deployment.settings, deployment.variables)


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
def holding(deployment: Deployment, action: str | None = None) -> Iterator[Held]:
    """A deployment whose requests for an action, or for any, stay without answer and effect."""
    came, go = threading.Event(), threading.Event()

    def hold(each: str) -> Answer | None:
        if action not in {None, each} or go.is_set():
            return None
        came.set()
        go.wait()
        return BROKEN

    with interposed(deployment, hold) as held:
        try:
            yield Held(held, came, go)
        finally:
            go.set()
