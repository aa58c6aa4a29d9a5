"""The server as it runs in its container: a process of its own, HTTP, its health check, its end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.forge_server.conftest import Save
from tests.forge_server.saving import ROOT, variables


class Process:
    """A running server."""

    def __init__(self, file: Path) -> None:
        self._environment = {
            **os.environ,
            "PYTHONPATH": f"{ROOT / 'containers/forge_server'}:{os.environ['PYTHONPATH']}",
            **variables(file),
            "FORGE_TOPIC_ID": "77",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "forge_server"],
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.log = self.process.stdout
        started = json.loads(self.log.readline())["message"]
        assert started.startswith("listening on port ")
        self._port = started.split()[3]

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self._port}{path}", timeout=60
            ) as found:
                return found.status, found.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def check(self) -> tuple[int, str]:
        """Run what the image runs."""
        done = subprocess.run(
            [sys.executable, "-m", "forge_server.healthcheck"],
            env={**self._environment, "FORGE_PORT": self._port},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout


@pytest.fixture
def serve(save: Save) -> Iterator[Callable[[str], Process]]:
    started = []

    def start(source: str) -> Process:
        started.append(Process(save(source)))
        return started[-1]

    yield start
    for each in started:
        each.process.send_signal(signal.SIGTERM)
        each.process.communicate()


def test_a_prediction_and_the_end(serve: Callable[[str], Process], tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    server = serve(
        "import os\n"
        f"def predict(ctx):\n open({str(pid)!r}, 'w').write(str(os.getpid()))\n"
        " return {ctx.token: ctx.nonce + ctx.topic_id / 100}"
    )
    path = "/inference/BTC%2FUSD?topic_id=69&block_height=1234"
    assert server.get(path) == (200, '{"BTC/USD": 1234.69}')
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(60) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_a_line_of_the_log_is_written_whole() -> None:
    """As its container starts it, without a buffer: a server that is killed leaves no half line."""
    ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)  # one message for each write
    with ours, theirs:
        subprocess.run(
            [sys.executable, "-u", "-c", "from forge_server.log import log; log('info', 'begins')"],
            env={**os.environ, "PYTHONPATH": str(ROOT / "containers/forge_server")},
            stdout=theirs,
            check=True,
        )
        line = ours.recv(4096).decode()
    assert line.endswith("\n")
    assert json.loads(line)["message"] == "begins"


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/inference/BTC?topic_id=x", 400, "topic_id and block_height must be numbers."),
        ("/forecast/BTC", 404, "A model of the Forge kit answers /inference alone."),
        ("/", 404, "A model of the Forge kit answers /inference alone."),
    ],
)
def test_what_is_no_question(
    serve: Callable[[str], Process], path: str, status: int, text: str
) -> None:
    assert serve("predict = float").get(path) == (status, text)


def test_health_is_one_prediction(serve: Callable[[str], Process], tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    server = serve(
        f"def predict(ctx):\n open({str(asked)!r}, 'a').write(str(ctx.topic_id) + ' ')\n return 1"
    )
    assert server.check() == (0, "1\n")
    assert server.check() == (0, "The model predicts.\n")
    assert asked.read_text() == "77 "


def test_a_model_that_fails_is_unhealthy(serve: Callable[[str], Process]) -> None:
    server = serve("def predict(nonce):\n return float('nan')")
    sentence = "The prediction is NaN, no finite number."
    assert server.get("/inference/BTC?topic_id=69&block_height=1") == (500, sentence)
    assert server.check() == (1, f"{sentence}\n")
