"""The server as it runs: a process of its own, its log, its health check, its end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer

from tests.model_server.exchanges import NAMES, Exchanges
from tests.worker.waiting import until

pytestmark = pytest.mark.asyncio

PACKAGE = Path(__file__).resolve().parents[2] / "containers" / "model_server"
# A busy computer may be slower than an exchange may be.
PATIENT = """
import runpy
from model_server import fetch, market
fetch.TIMEOUT = market._WAIT = 60.0
runpy.run_module("model_server", run_name="__main__")
"""


class Process:
    """A running server."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.port = 0

    async def line(self) -> dict[str, Any]:
        """The next line of its log."""
        assert self.process.stdout is not None
        line: dict[str, Any] = json.loads(
            await asyncio.wait_for(self.process.stdout.readline(), 120)
        )
        return line

    async def get(self, path: str) -> tuple[int, str]:
        url = f"http://127.0.0.1:{self.port}{path}"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.status, await answer.text()

    async def end(self) -> int:
        return await asyncio.wait_for(self.process.wait(), 120)


def variables(**settings: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(PACKAGE),
        "PYTHONDONTWRITEBYTECODE": "1",
        **settings,
    }


@asynccontextmanager
async def running(**settings: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PATIENT),
        env=variables(PORT="0", **settings),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        server = Process(process)
        message = (await server.line())["message"]
        assert message.startswith("listening on port ")
        server.port = int(message.split()[3])
        yield server
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest_asyncio.fixture
async def live() -> AsyncIterator[Exchanges]:
    """Exchanges whose time is the real one."""
    exchanges = Exchanges()
    async with TestServer(exchanges.application()) as server:
        exchanges.url = str(server.make_url("")).rstrip("/")
        yield exchanges
        for exchange in exchanges.all():
            exchange.gate.set()


def sources(exchanges: Exchanges) -> str:
    return ",".join(f"{name}={exchanges.url}" for name in NAMES)


async def health_check(port: int) -> tuple[int | None, str]:
    """Run what the image runs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "model_server.healthcheck"),
        env=variables(PORT=str(port)),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 120)
    return process.returncode, out.decode()


async def test_it_serves_and_ends_at_once(live: Exchanges) -> None:
    async with running(PRICE_SOURCES=sources(live)) as server:
        assert await server.get("/inference/BTC?topic_id=69") == (200, "64000")
        line = await server.line()
        assert line["level"] == "info"
        assert line["message"] == (
            "price of BTC in 86400 s: 64000; the price now is 64000 (coinbase, kraken, bitstamp)"
        )
        server.process.send_signal(signal.SIGTERM)
        assert (await server.line())["message"] == "stopping"
        assert await server.end() == 0


async def test_it_ends_at_once_while_it_waits_for_exchanges(live: Exchanges) -> None:
    for exchange in live.all():
        exchange.gate.clear()
    async with running(PRICE_SOURCES=sources(live)) as server:
        request = asyncio.create_task(server.get("/inference/BTC"))
        await until(lambda: len(live.requests) == len(NAMES))
        server.process.send_signal(signal.SIGTERM)
        assert await server.end() == 0
        with pytest.raises(aiohttp.ClientError):
            await request


async def test_the_health_check(live: Exchanges, closed_port: int) -> None:
    async with running(PRICE_SOURCES=sources(live), TOKEN="NOPE") as server:
        await server.get("/inference/NOPE")
        code, out = await health_check(server.port)
        assert code == 1
        assert "no source has a price of NOPE" in out
    async with running(PRICE_SOURCES=sources(live)) as server:
        await server.get("/inference/BTC")
        code, out = await health_check(server.port)
        assert code == 0
        assert json.loads(out)["status"] == "ok"
    code, out = await health_check(closed_port)
    assert code == 1
    assert "refused" in out


async def test_every_line_of_the_log_is_json(live: Exchanges) -> None:
    live.kraken.body = b"<html>\n"
    async with running(PRICE_SOURCES=sources(live)) as server:
        line = await server.line()
        assert line["level"] == "warning"
        assert line["message"] == (
            "kraken: BTC: malformed answer; asked again in 5 s at the earliest"
        )


async def test_a_setting_that_makes_no_sense_ends_it_with_one_line() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "model_server"),
        env=variables(HORIZON="soon"),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 2
    (line,) = out.decode().splitlines()
    assert json.loads(line)["message"] == ("HORIZON=soon: write 1min to 30d, as in 5min, 8h or 1d")
