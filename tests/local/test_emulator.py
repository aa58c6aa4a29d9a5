"""The embedded AWS starts, is found and ends; nothing of it is left behind."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from devtools.embedded_aws import emulator
from devtools.embedded_aws.emulator import Emulator, EmulatorError

SLEEPS = [sys.executable, "-c", "import time; time.sleep(600)"]
FAILS = [sys.executable, "-c", "raise SystemExit('no moto here')"]


class EnoughError(Exception):
    """What a caller raises who does not want to wait any longer."""


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    before = set(psutil.Process().children())
    yield
    assert set(psutil.Process().children()) <= before


@pytest.fixture
def server_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator, "_command", lambda _descriptor: SLEEPS)


def test_it_is_found_until_it_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert emulator.find(tmp_path) is None
    started = emulator.start(tmp_path)
    assert emulator.find(tmp_path) == started == emulator.start(tmp_path)
    started.reset()
    assert emulator.stop(tmp_path)
    assert not started.is_running()
    assert emulator.find(tmp_path) is None
    assert not emulator.stop(tmp_path)


def test_a_server_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator, "_command", lambda _descriptor: FAILS)
    with pytest.raises(EmulatorError, match=r"no moto here .*emulator\.log"):
        emulator.start(tmp_path)


@pytest.mark.usefixtures("server_that_never_answers")
def test_a_server_that_does_not_answer_in_time_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulator, "_START_SECONDS", 0)
    with pytest.raises(EmulatorError, match="did not start"):
        emulator.start(tmp_path)


@pytest.mark.usefixtures("server_that_never_answers")
def test_a_start_that_is_interrupted_ends_the_server(tmp_path: Path) -> None:
    def check() -> None:
        raise EnoughError

    with pytest.raises(EnoughError):
        emulator.start(tmp_path, check)


@pytest.mark.usefixtures("server_that_never_answers")
def test_a_server_that_does_not_answer_yet_is_ended_by_stop(tmp_path: Path) -> None:
    def check() -> None:
        assert emulator.find(tmp_path) is None
        assert emulator.stop(tmp_path)

    with pytest.raises(EmulatorError):
        emulator.start(tmp_path, check)


@pytest.mark.usefixtures("server_that_never_answers")
def test_its_port_is_open_to_no_other_program_while_it_starts(tmp_path: Path) -> None:
    def check() -> None:
        url = urlsplit(json.loads((tmp_path / "emulator.json").read_text())["url"])
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with pytest.raises(OSError, match="in use"):
                other.bind((url.hostname, url.port))
        raise EnoughError

    with pytest.raises(EnoughError):
        emulator.start(tmp_path, check)


def test_another_program_with_its_number_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(SLEEPS) as other:
        address = {"url": "http://127.0.0.1:9", "pid": other.pid, "started": time.time() - 60}
        (tmp_path / "emulator.json").write_text(json.dumps(address))
        assert not emulator.stop(tmp_path)
        assert other.poll() is None
        other.kill()


def test_its_commands_ask_no_proxy_for_it() -> None:
    environment = Emulator("http://127.0.0.1:5000", 1).environment(
        {"AWS_PROFILE": "real", "HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": ".corp"}
    )
    assert environment["HTTP_PROXY"] == "http://127.0.0.1:9"
    assert environment["NO_PROXY"].split(",") == [".corp", "127.0.0.1", "localhost", "::1"]
    assert "AWS_PROFILE" not in environment
