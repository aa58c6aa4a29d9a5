"""What strangers can do at port 9010 to a worker that submits: nothing.

The attacks are short here. ATTACK_SCALE=1 makes them those of docs/host.md, whose table -rP
prints: 40 s each, 30,000 requests.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from devtools.fake_chain import FakeChain, Options
from devtools.fake_chain.gate import bind
from tests.worker import attacks
from tests.worker.processes import Process, resident
from tests.worker.test_submissions import submissions
from tests.worker.waiting import until

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.skipif(
        sys.platform != "linux",
        reason="asks /proc; and 127.0.0.0/8 is Linux's",
    ),
]

Run = Callable[..., Awaitable[Process]]

SCALE = float(os.environ.get("ATTACK_SCALE", "0.05"))
SECONDS, REQUESTS = 40 * SCALE, 30_000 * SCALE
MOST_GROWTH = 32  # MiB
# What an attack may cost a submission is a second, on a computer that does nothing else. The short
# attacks run beside other tests, which can cost more; they show lasting harm, up to a window's end.
LATE_SECONDS = 1.0 if SCALE >= 1 else 30.0

_SUBMITTED = '"event": "submitted"'


@dataclass
class Siege:
    """A worker that is attacked, and what became of it.

    Args:
        process: The worker.
        chain: What it submits to.
        port: Where strangers get in.
        door: The operator's.
    """

    process: Process
    chain: FakeChain
    port: int
    door: Path
    memory: list[float] = field(default_factory=list)
    at_door: list[float] = field(default_factory=list)
    at_port: list[bool] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    is_over: bool = False

    async def submit(self) -> float:
        """Seconds from the opening of a window to the submission on the chain."""
        done = self.process.output.count(_SUBMITTED)
        nonce = self.chain.open_window(69)
        opened = time.monotonic()
        await until(lambda: any(each["nonce"] == nonce for each in submissions(self.chain)), 60)
        seconds = time.monotonic() - opened
        # The SDK hears of it up to two seconds later, for which the next one would wait.
        await until(lambda: self.process.output.count(_SUBMITTED) > done, 60)
        return seconds

    async def keep_submitting(self) -> None:
        while not self.is_over:
            self.delays.append(await self.submit())

    async def watch_memory(self) -> None:
        while True:
            self.memory.append(resident(self.process.pid))
            await asyncio.sleep(0.1)

    async def keep_asking_at_the_door(self) -> None:
        connector = aiohttp.UnixConnector(str(self.door))
        async with aiohttp.ClientSession(connector=connector) as session:
            while True:
                asked = time.monotonic()
                async with session.get("http://worker/health") as answer:
                    assert answer.status == 200
                self.at_door.append(time.monotonic() - asked)
                await asyncio.sleep(0.2)

    async def keep_asking_at_the_port(self) -> None:
        """As an honest client does, from an address that is none of the attackers'."""
        timeout = aiohttp.ClientTimeout(total=5)
        while True:
            async with aiohttp.ClientSession(timeout=timeout) as session:
                try:
                    async with session.get(f"http://127.0.0.1:{self.port}/health") as answer:
                        self.at_port.append(answer.status == 200)
                except (aiohttp.ClientError, TimeoutError):
                    self.at_port.append(False)
            await asyncio.sleep(0.5)

    async def endure(self, kind: str, peers: int) -> int:
        """Is attacked; gives the number of attempts."""
        amount = REQUESTS if kind == "requests" else SECONDS
        attack = await asyncio.create_subprocess_exec(
            *(sys.executable, attacks.__file__, kind, str(self.port), str(amount), str(peers)),
            stdout=asyncio.subprocess.PIPE,
        )
        submitting = asyncio.create_task(self.keep_submitting())
        watching = [
            asyncio.create_task(each())
            for each in (
                self.watch_memory,
                self.keep_asking_at_the_door,
                self.keep_asking_at_the_port,
            )
        ]
        output, _ = await attack.communicate()
        self.is_over = True
        await submitting
        for each in watching:
            each.cancel()
        for result in await asyncio.gather(*watching, return_exceptions=True):
            assert isinstance(result, asyncio.CancelledError), result
        return int(output)


def processor_seconds(pid: int) -> float:
    """What a process has used so far."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@pytest_asyncio.fixture
async def siege(run: Run, secrets: Path, state: Path) -> AsyncIterator[Siege]:
    """A worker that has submitted, and has answered honest strangers."""
    (secrets / "inference-token").write_text(attacks.TOKEN)
    options = Options(block_seconds=0.1, window_blocks=600)
    async with FakeChain(options, say=lambda _: None) as chain:
        # Taken for the worker, which listens there all the same; others cannot.
        with bind("0.0.0.0") as bound:  # noqa: S104
            port = bound.getsockname()[1]
            process = await run(chain, str(port))
            await process.wrote("ready")
            yield Siege(process, chain, port, state / "health.sock")


@pytest.mark.parametrize(
    ("kind", "peers"),
    [
        ("flood", 1),
        ("flood", 500),
        ("loris", 500),
        ("malformed", 1),
        ("requests", 1),
        ("silent110", 1),
        ("silent400", 500),
    ],
)
async def test_nothing_is_late_large_or_deaf_for_an_attack(
    siege: Siege, kind: str, peers: int
) -> None:
    usual = [await siege.submit() for _ in range(2)]
    before = resident(siege.process.pid)
    began, used = time.monotonic(), processor_seconds(siege.process.pid)
    attempts = await siege.endure(kind, peers)
    seconds = time.monotonic() - began
    busy = (processor_seconds(siege.process.pid) - used) / seconds
    print(
        f"| {kind}, {peers} peers | {attempts:,} | {before:.0f} → {max(siege.memory):.0f} "
        f"| {len(siege.at_door)} of {len(siege.at_door)}, at most {max(siege.at_door):.3f} s "
        f"| {sum(siege.at_port)} of {len(siege.at_port)} | {len(siege.delays)} / 0 "
        f"| {max(usual):.2f} → {max(siege.delays):.2f} s | {busy:.0%} of a core |"
    )
    assert siege.delays
    assert max(siege.delays) - max(usual) < LATE_SECONDS
    assert max(siege.memory) - before < MOST_GROWTH
    assert siege.at_door
    assert "raceback" not in siege.process.output
    assert "aiohttp" not in siege.process.output
    assert not siege.process.events("window_lost")
