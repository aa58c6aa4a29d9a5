from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from allora_worker import health_socket
from allora_worker.errors import CannotStartError
from allora_worker.healthcheck import is_alive, is_healthy

from devtools.fake_chain import FakeChain
from tests.worker.processes import Process, paths
from tests.worker.running import Worker
from tests.worker.waiting import until

Start = Callable[..., Awaitable[Worker]]
Run = Callable[..., Awaitable[Process]]


@pytest.fixture(autouse=True)
def temporary(state: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is the system's directory for temporary files."""
    directory = state / "tmp"
    directory.mkdir()
    monkeypatch.setattr(health_socket, "gettempdir", lambda: str(directory))
    return directory


def test_it_is_in_the_state_directory(state: Path) -> None:
    with health_socket.bind(state) as door:
        assert door.getsockname() == str(state / "health.sock")


def test_without_a_state_directory_it_is_in_that_for_temporary_files(
    tmp_path: Path, temporary: Path
) -> None:
    for state in (tmp_path / "absent", Path("/proc/self")):
        with health_socket.bind(state) as door:
            assert door.getsockname() == str(temporary / "allora-health.sock")
            assert Path(door.getsockname()) in health_socket.paths(state)


def test_what_a_killed_process_has_left_is_replaced(state: Path) -> None:
    health_socket.bind(state).close()
    assert (state / "health.sock").exists()
    with health_socket.bind(state) as door:
        door.listen()
        health_socket.connect(state / "health.sock").close()


def test_another_worker_s_is_left_to_it(state: Path) -> None:
    with health_socket.bind(state) as door:
        door.listen()
        with pytest.raises(CannotStartError, match=r"health\.sock; stop that one.*STATE_DIR"):
            health_socket.bind(state)
        health_socket.connect(state / "health.sock").close()


def test_no_place_at_all_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_socket, "gettempdir", lambda: str(tmp_path / "absent"))
    with pytest.raises(CannotStartError, match="set STATE_DIR to a directory"):
        health_socket.bind(tmp_path / "absent")


@pytest.mark.asyncio
async def test_it_answers_health_and_nothing_else(
    chain: FakeChain, start: Start, secrets: Path, state: Path
) -> None:
    (secrets / "inference-token").write_text("a-token")
    await start(chain)
    connector = aiohttp.UnixConnector(str(state / "health.sock"))
    async with aiohttp.ClientSession(connector=connector) as session:
        async with session.get("http://worker/health") as answer:
            assert answer.status == 200
            assert (await answer.json())["status"] == "healthy"
        headers = {"Authorization": "Bearer a-token"}
        async with session.get("http://worker/inference/BTC", headers=headers) as answer:
            assert answer.status == 404


@pytest.mark.asyncio
async def test_a_worker_without_a_state_directory_is_healthy_too(
    chain: FakeChain, run: Run, tmp_path: Path, temporary: Path
) -> None:
    absent = str(tmp_path / "absent")
    process = await run(chain, STATE_DIR=absent, TMPDIR=str(temporary))
    await process.wrote("ready")
    await until(lambda: is_healthy(Path(absent)))


@pytest.mark.asyncio
async def test_a_worker_whose_chain_is_away_is_alive_and_not_healthy(
    chain: FakeChain, start: Start, state: Path
) -> None:
    """So that ECS, which replaces a task for its health check, replaces none for the chain."""
    worker = await start(chain)
    await chain.behave(refuse=True)
    await until(lambda: worker.topic().state == "chain_unavailable")
    alive, healthy = await checks(state)
    assert (alive, healthy) == (True, False)


def test_without_a_worker_nothing_is_alive(state: Path) -> None:
    assert not is_alive(state)
    health_socket.bind(state).close()  # of a process that was killed
    assert not is_alive(state)


def test_a_worker_that_hangs_up_is_not_alive(state: Path) -> None:
    with health_socket.bind(state) as door:
        door.listen()
        hanging_up = threading.Thread(target=hang_up, args=(door,), daemon=True)
        hanging_up.start()
        assert not is_alive(state)
        hanging_up.join()


@pytest.mark.parametrize("arguments", [(), ("--alive",)])
def test_the_command_fails_without_a_worker(state: Path, arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "allora_worker.healthcheck", *arguments],
        env={"STATE_DIR": str(state), "TMPDIR": str(state / "tmp"), "PYTHONPATH": paths()[1]},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")


def hang_up(door: socket.socket) -> None:
    connection, _ = door.accept()
    connection.close()


async def checks(state: Path) -> tuple[bool, bool]:
    """Whether the worker with this state directory is alive, and healthy."""
    return await asyncio.to_thread(is_alive, state), await asyncio.to_thread(is_healthy, state)
