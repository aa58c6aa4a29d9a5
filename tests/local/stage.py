"""A deployment that is played: its state, instance and reports are there, and nothing else.

For commands that only look, which see no difference; it takes a second instead of a minute.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pexpect
import pyte

from scripts.local.emulator import ACCOUNT_ID, Emulator
from tests.local.conftest import REGION, Deployment
from tests.local.reported import ReportedHost

BUCKET = f"allora-tfstate-{ACCOUNT_ID}-{REGION}"
DASHBOARD = f"https://{REGION}.console.aws.amazon.com/cloudwatch/home#dashboards/dashboard/allora"
IMAGE = "ami-785db401"
ROWS, COLUMNS = 30, 100


class Stage:
    """A worker that somebody has deployed.

    Args:
        emulator: the embedded AWS; it is emptied.
        directory: for the user's files.
    """

    def __init__(self, emulator: Emulator, directory: Path) -> None:
        emulator.reset()
        self.deployment = Deployment(emulator, directory)
        self.ec2 = self.deployment.client("ec2")
        self.logs = self.deployment.client("logs")
        self.cloudwatch = self.deployment.client("cloudwatch")
        self._s3 = self.deployment.client("s3")
        self._s3.create_bucket(Bucket=BUCKET)
        self.host = self.launch()

    def launch(self) -> ReportedHost:
        """A new instance, which the state then names."""
        (instance,) = self.ec2.run_instances(
            ImageId=IMAGE, InstanceType="t3.medium", MinCount=1, MaxCount=1
        )["Instances"]
        self.host = ReportedHost(self.logs, instance["InstanceId"])
        self.write_state(
            instance_id=instance["InstanceId"], public_ip="198.51.100.7", dashboard_url=DASHBOARD
        )
        return self.host

    def write_state(self, **outputs: str) -> None:
        """A state as Terraform writes it, with these outputs and nothing else."""
        state = {
            "version": 4,
            "outputs": {
                name: {"value": value, "type": "string"} for name, value in outputs.items()
            },
        }
        self._s3.put_object(
            Bucket=BUCKET, Key="allora-single-node/terraform.tfstate", Body=json.dumps(state)
        )

    def spawn(self, *arguments: str, **environment: str) -> Terminal:
        """The command at a terminal of 100 columns and 30 rows."""
        return Terminal(self.deployment, *arguments, **environment)

    @contextmanager
    def way(self) -> Iterator[Way]:
        """A way to AWS on which things can go wrong; what is run meanwhile takes it."""
        way = Way(self.deployment.emulator)
        direct = self.deployment.emulator
        self.deployment.emulator = Emulator(url=way.url, pid=0)
        try:
            yield way
        finally:
            self.deployment.emulator = direct
            way.close()


class Terminal:
    """A real pseudo-terminal with `allora` in it, and what a person sees there."""

    def __init__(self, deployment: Deployment, *arguments: str, **environment: str) -> None:
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.screen.set_mode(pyte.modes.LNM)
        self._stream = pyte.ByteStream(self.screen)
        self.received = b""
        self._process: Any = pexpect.spawn(  # in bytes; its types know texts only
            "python",
            ["-m", "scripts.operator", *arguments],
            env=deployment.environment | {"TERM": "xterm-256color"} | environment,
            dimensions=(ROWS, COLUMNS),
            timeout=60,
        )

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display).strip()

    def expect(self, text: str) -> None:
        """Waits until the command prints a text."""
        self._process.expect_exact(text.encode())
        self._take(self._process.before + self._process.after)

    def interrupt(self) -> int:
        """Types Ctrl-C; the exit code."""
        self._process.sendintr()
        return self.end()

    def end(self) -> int:
        """Waits for the command's end; the exit code."""
        self._process.expect(pexpect.EOF)
        self._take(self._process.before)
        self._process.close()
        assert self._process.signalstatus is None
        return int(self._process.exitstatus or 0)

    def _take(self, output: bytes) -> None:
        self.received += output
        self._stream.feed(output)


@dataclass(frozen=True)
class Refusal:
    """What AWS answers instead of doing what it is asked."""

    code: str
    status: int = HTTPStatus.BAD_REQUEST


class Way:
    """A proxy before the embedded AWS.

    Attributes:
        refusals: by action, such as `FilterLogEvents`.
        is_open: whether anything comes through; connections are broken otherwise.
        actions: all that was asked.
    """

    def __init__(self, emulator: Emulator) -> None:
        self.refusals: dict[str, Refusal] = {}
        self.is_open = True
        self.actions: list[str] = []
        self._target = urlsplit(emulator.url).netloc
        way = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                way._handle(self)

            do_POST = do_PUT = do_HEAD = do_GET  # noqa: N815 - the names that the server calls

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handle(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        if not self.is_open:
            request.connection.close()
            return
        action = _action(request, body)
        self.actions.append(action)
        if refusal := self.refusals.get(action):
            content = _refused(refusal, action, is_json="X-Amz-Target" in request.headers)
            _answer(request, refusal.status, {}, content)
            return
        connection = HTTPConnection(self._target, timeout=60)
        try:
            connection.request(
                request.command, request.path, body, {**request.headers, "Host": self._target}
            )
            answer = connection.getresponse()
            _answer(request, answer.status, dict(answer.headers), answer.read())
        finally:
            connection.close()


def _action(request: BaseHTTPRequestHandler, body: bytes) -> str:
    if target := request.headers.get("X-Amz-Target"):
        return str(target).rpartition(".")[2]
    if action := parse_qs(body.decode(errors="replace")).get("Action"):
        return action[0]
    return f"{request.command} {urlsplit(request.path).path}"


def _refused(refusal: Refusal, action: str, *, is_json: bool) -> bytes:
    message = f"User: arn:aws:iam::{ACCOUNT_ID}:user/ada is not authorized to perform: {action}"
    if is_json:
        return json.dumps({"__type": refusal.code, "message": message}).encode()
    error = f"<Error><Code>{refusal.code}</Code><Message>{message}</Message></Error>"
    return f"<Response><Errors>{error}</Errors></Response>".encode()


def _answer(
    request: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes
) -> None:
    request.send_response_only(status)
    for name, value in headers.items():
        if name.lower() not in {"content-length", "connection", "transfer-encoding"}:
            request.send_header(name, value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(body)
