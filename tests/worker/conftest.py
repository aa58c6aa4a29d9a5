"""Fixtures: a chain, a model server and workers, all on real sockets."""

from __future__ import annotations

# First, because it ends where the other imports would fail.
import tests.image_packages  # noqa: F401

# isort: split

import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

sys.path.append(str(Path(__file__).parents[2] / "containers" / "worker"))

# isort: split

from allora_sdk.rpc_client.tx_manager import TxManager
from allora_worker import reports
from allora_worker.timings import Timings

from devtools.fake_chain import FakeChain, Options
from tests.worker.model_server import ModelServer
from tests.worker.processes import WORDS as SECRET_WORDS
from tests.worker.processes import Process, start_process
from tests.worker.running import WORDS, Worker, environment
from tests.worker.timings import QUICK

Start = Callable[..., Worker]


@pytest.fixture
def state() -> Iterator[Path]:
    """A directory for what outlives a worker."""
    # Not in tmp_path: a socket's path has about 100 characters.
    with tempfile.TemporaryDirectory(prefix="worker-") as directory:
        yield Path(directory)


@pytest.fixture
def secrets(tmp_path: Path, state: Path) -> Path:
    """A directory with a wallet's words, as the host makes it, beside the one for the state."""
    (tmp_path / "state").symlink_to(state)
    directory = tmp_path / "secrets"
    directory.mkdir()
    (directory / "mnemonic").write_text(WORDS + "\n")
    return directory


@pytest_asyncio.fixture
async def model() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server


@pytest_asyncio.fixture
async def chain() -> AsyncIterator[FakeChain]:
    """A chain with ten blocks a second, and windows of twenty seconds."""
    options = Options(topics=(69, 77), block_seconds=0.1, window_blocks=200)
    async with FakeChain(options, say=lambda _: None) as chain:
        yield chain


@pytest.fixture(autouse=True)
def fast_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK looks for a transaction every two seconds; here every twentieth of one."""
    wait_for_tx = TxManager.wait_for_tx

    async def fast(self: TxManager, tx_hash: str, **_: Any) -> Any:
        return await wait_for_tx(self, tx_hash, timeout=30.0, poll_period=0.05)

    monkeypatch.setattr(TxManager, "wait_for_tx", fast)


@pytest.fixture(autouse=True)
def output() -> Iterator[None]:
    """Sends what is logged after a test to a stream that is still open."""
    yield
    reports.set_up()


@pytest_asyncio.fixture
async def start(
    model: ModelServer, secrets: Path
) -> AsyncIterator[Callable[..., Awaitable[Worker]]]:
    """Starts workers, and stops them when the test is over."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(
            chain: FakeChain,
            *,
            timings: Timings = QUICK,
            network: dict[str, Any] | None = None,
            ready: bool = True,
            **changes: str,
        ) -> Worker:
            environ = environment(chain, model, secrets, **changes)
            worker = Worker(chain, environ, timings, **(network or {}))
            stack.push_async_callback(worker.stop)
            if ready:
                await worker.ready()
            return worker

        yield start


@pytest_asyncio.fixture
async def run(
    model: ModelServer, secrets: Path
) -> AsyncIterator[Callable[..., Awaitable[Process]]]:
    """Runs worker processes. None of them may ever write one of the wallet's words."""
    processes: list[Process] = []

    async def run(
        chain: FakeChain | None,
        *arguments: str,
        module: str = "tests.worker.quick",
        timings: Timings = QUICK,
        **changes: str,
    ) -> Process:
        environ = environment(chain, model, secrets) if chain else {}
        process = await start_process(environ | changes, *arguments, module=module, timings=timings)
        processes.append(process)
        return process

    yield run
    for process in processes:
        await process.kill()
        assert not SECRET_WORDS & set(process.output.replace('"', " ").replace("'", " ").split())
