"""bin/model_log.py: what the model says reaches the journal harmless, and not more than so much."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

BIN = Path(__file__).parents[2] / "scripts/host/bin"
_PASS_ON = """
import socket, sys
sys.path.insert(0, sys.argv[1])
import model_log
model_log.pass_on(socket.socket(fileno=int(sys.argv[2])), float(sys.argv[3]))
"""
SECONDS = 60
"""For what should come at once."""


class Log:
    """The program, and what it hands to the journal.

    Args:
        seconds: that stand for its minute.
    """

    def __init__(self, seconds: float) -> None:
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        receiver.bind(("127.0.0.1", 0))
        self._sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sender.connect(receiver.getsockname())
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PASS_ON, str(BIN), str(receiver.fileno()), str(seconds)],
            pass_fds=[receiver.fileno()],
            stdout=subprocess.PIPE,
            text=True,
        )
        receiver.close()

    def say(self, *lines: bytes) -> None:
        """As Docker's driver sends a model's lines."""
        for line in lines:
            self._sender.send(b"<30>Nov 29 02:00:00 ip-10-0-0-10 model[812]: " + line + b"\n")

    def line(self) -> str:
        """The next one that it hands on."""
        assert self._process.stdout
        return self._process.stdout.readline().removesuffix("\n")

    @property
    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._sender.close()


@pytest.fixture
def log() -> Iterator[Log]:
    made = Log(SECONDS)
    yield made
    made.close()


def test_a_line_is_passed_on_without_what_docker_puts_before_it(log: Log) -> None:
    log.say(b"ready: [1]: 2", "naïve ☕".encode(), b"\tindented")
    assert [log.line() for _ in range(3)] == ["ready: [1]: 2", "naïve ☕", "\tindented"]


def test_what_could_be_json_becomes_a_text(log: Log) -> None:
    log.say(b'{"_aws": {}}')
    assert json.loads(log.line()) == {"text": '{"_aws": {}}'}


def test_controls_are_shown_and_colours_dropped(log: Log) -> None:
    log.say(b"\x1b[31mred\x1b[0m\rback\x00\x1b]0;title\x07", b"\xff\xfe", b"<3>x")
    assert [log.line() for _ in range(3)] == [
        r"red\rback\x00\x1b]0;title\x07",
        "\ufffd\ufffd",
        "<3>x",
    ]


def test_a_long_line_is_cut(log: Log) -> None:
    log.say(b"x" * 16384)
    assert log.line() == "x" * 8192


@pytest.mark.parametrize(
    ("line", "most"), [(b"x", 1000), (b"{" + b"\x1b" * 2000, 40)], ids=["lines", "bytes"]
)
def test_a_flood_is_passed_on_so_far_and_then_counted(line: bytes, most: int) -> None:
    log = Log(seconds=5)
    try:
        passed = []
        for said in passed_on(log, line):
            if said.startswith("allora: "):
                break
            passed.append(said)
        assert 10 < len(passed) <= most
        assert said == "allora: 1000 lines or 131072 bytes in 5.0 s: what follows is dropped"
        before = log.cpu_seconds
        end = time.monotonic() + 1
        while time.monotonic() < end:
            log.say(*[line] * 100)
        assert log.cpu_seconds - before < 0.5
        log.say(*[line] * 20_000)
        while "were dropped" not in said:
            log.say(line)
            said = log.line()
        assert int(said.split()[1]) > 1000
    finally:
        log.close()


def passed_on(log: Log, line: bytes) -> Iterator[str]:
    """What the program hands on of many lines: as many at once as its socket surely holds."""
    while True:
        log.say(*[line] * 20)
        for _ in range(20):
            yield log.line()
