"""A whole fake node: its servers, its clock, and what can be done to it from outside."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Self

from aiohttp import web
from grpclib.server import Server
from websockets.asyncio.server import Server as WebsocketServer
from websockets.asyncio.server import serve

from . import control, rest
from .answers import Answers, Service
from .behaviour import Behaviour
from .cosmos import Auth, Bank, FeeMarket, Node, Tx
from .emissions import Emissions
from .gate import Gate, bind
from .ledger import Block, Ledger
from .options import Options
from .websocket import PATH, Websocket
from .windows import Announcement, Role

LOOPBACK = "127.0.0.1"


def _print(line: str) -> None:
    print(line, flush=True)


class FakeChain:
    """A stand-in for an Allora node; use it as an asynchronous context manager.

    Args:
        options: Where it listens, and how its time passes.
        say: Takes one line for a person on each thing that happens.
    """

    def __init__(self, options: Options | None = None, say: Callable[[str], None] = _print) -> None:
        self.options = options or Options()
        self.ledger = Ledger(self.options, say)
        self._say = say
        self._calls: Counter[str] = Counter()
        self._websocket = Websocket(self.ledger, self._calls)
        self._next_block: asyncio.Future[Block] | None = None
        self._made_at = time.monotonic()
        """When the newest block was made."""

    async def __aenter__(self) -> Self:
        """Start all servers, and the clock."""
        async with contextlib.AsyncExitStack() as stack:
            await self._start(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Drop all connections, and stop."""
        await self._stack.aclose()

    @property
    def grpc_url(self) -> str:
        """The gRPC endpoint, in the way that allora_sdk writes it."""
        return f"grpc+http://{self._host}:{self._grpc.port}"

    @property
    def websocket_url(self) -> str:
        """The endpoint for events."""
        return f"ws://{self._host}:{self._events.port}{PATH}"

    @property
    def rest_url(self) -> str:
        """Where the REST interface is."""
        return f"http://{self._host}:{self._rest.port}"

    @property
    def control_url(self) -> str:
        """Where the HTTP interface is."""
        return f"http://{self._host}:{self._control_port}"

    def state(self) -> dict[str, object]:
        """Return all that happened so far, for JSON."""
        return {**self.ledger.state(), "calls": dict(self._calls)}

    def open_window(
        self, topic: int, role: Role = "worker", announce: Announcement = "both"
    ) -> int:
        """Open a window in a new block.

        Returns:
            Its nonce.

        Raises:
            ValueError: There is no such topic.
        """
        window, block = self.ledger.open_window(topic, role, announce)
        self._publish(block)
        return window.nonce

    def close_windows(self, topic: int) -> list[int]:
        """Close a topic's open windows in a new block.

        Returns:
            Their nonces.

        Raises:
            ValueError: There is no such topic.
        """
        windows, block = self.ledger.close_windows(topic)
        self._publish(block)
        return [window.nonce for window in windows]

    def behaviour(self) -> dict[str, object]:
        """Return how the node behaves now, for JSON; `balance` is the poorest account's."""
        balance = str(self.ledger.accounts.lowest_balance())
        return {**self.ledger.behaviour.model_dump(mode="json"), "balance": balance}

    async def behave(self, **changes: object) -> dict[str, object]:
        """Change how the node behaves.

        Args:
            changes: Attributes of `Behaviour`; the others stay.

        Returns:
            The whole behaviour then.

        Raises:
            ValueError: A name or value makes no sense. Then nothing is changed.
        """
        behaviour = self.ledger.behaviour.changed(changes)
        self.ledger.behaviour = behaviour
        if behaviour.balance is not None:
            self.ledger.accounts.set_balance(behaviour.balance)
        for gate in (self._grpc, self._events, self._rest):
            await _apply(behaviour, gate)
        if changes:
            self._say(f"block {self.ledger.height}  behaviour    {changes}")
        return self.behaviour()

    def tell(self, frame: str | bytes, times: int = 1) -> None:
        """Send every websocket subscriber a frame, of any content, several times."""
        self._websocket.tell(frame, times)

    def reset(self) -> None:
        """Begin anew, as a test network does: from the first height, without participants."""
        self.ledger.reset()
        self._say(f"block {self.ledger.height}  reset")

    def make_block(self, seconds: float = 0) -> None:
        """Make a block at once, between those that the clock makes.

        Args:
            seconds: By how much the chain's clock is put forward first.
        """
        self._publish(self.ledger.make_block(seconds))

    def make_blocks(self, count: int, seconds: float = 0) -> None:
        """Make several blocks at once, each so many seconds later."""
        for _ in range(count):
            self.make_block(seconds)

    def settle(self, topic: int) -> list[int]:
        """Let a topic's epoch end now: close its windows, score it and pay.

        Returns:
            The nonce that was scored, or nothing if there was none.

        Raises:
            ValueError: There is no such topic.
        """
        self.close_windows(topic)
        if not self.ledger.windows.unscored(topic):
            return []
        self.open_window(topic, "reputer")
        return self.close_windows(topic)

    async def next_block(self) -> Block:
        """Wait for a block to be made."""
        if self._next_block is None:
            self._next_block = asyncio.get_running_loop().create_future()
        return await asyncio.shield(self._next_block)

    @property
    def _host(self) -> str:
        return LOOPBACK if self.options.bind == "0.0.0.0" else self.options.bind  # noqa: S104

    async def _start(self, stack: contextlib.AsyncExitStack) -> None:
        self._grpc = await self._open_gate(
            stack, self.options.grpc_port, await self._serve_grpc(stack)
        )
        self._events = await self._open_gate(
            stack, self.options.websocket_port, await self._serve_websocket(stack)
        )
        self._rest = await self._open_gate(
            stack,
            self.options.rest_port,
            await self._serve_http(stack, rest.application(self.ledger), LOOPBACK, 0),
        )
        self._control_port = await self._serve_http(
            stack, control.application(self), self.options.bind, self.options.control_port
        )
        clock = asyncio.create_task(self._run_clock())
        stack.callback(clock.cancel)

    async def _open_gate(
        self, stack: contextlib.AsyncExitStack, port: int, upstream_port: int
    ) -> Gate:
        gate = Gate(self.options.bind, port, upstream_port)
        stack.callback(gate.close)
        await gate.open()
        return gate

    async def _serve_grpc(self, stack: contextlib.AsyncExitStack) -> int:
        listening = bind(LOOPBACK)
        services: list[Service] = [
            service(self.ledger) for service in (Node, Auth, Bank, FeeMarket, Tx, Emissions)
        ]
        server = Server([Answers(services, self._calls, self.ledger.admit_call)])
        await server.start(sock=listening)
        stack.push_async_callback(server.wait_closed)
        stack.callback(server.close)
        return int(listening.getsockname()[1])

    async def _serve_websocket(self, stack: contextlib.AsyncExitStack) -> int:
        server: WebsocketServer = await stack.enter_async_context(
            serve(
                self._websocket.serve,
                LOOPBACK,
                0,
                process_request=self._websocket.refuse_other_paths,
            )
        )
        return int(next(iter(server.sockets)).getsockname()[1])

    async def _serve_http(
        self, stack: contextlib.AsyncExitStack, app: web.Application, host: str, port: int
    ) -> int:
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, host, port).start()
        return int(runner.addresses[0][1])

    async def _run_clock(self) -> None:
        """Make each block a whole interval after the one before, also where that was asked for.

        Otherwise a client that meets the two measures a chain that is faster than this one.
        """
        while True:
            left = self._made_at + self.options.block_seconds - time.monotonic()
            if left > 0:
                await asyncio.sleep(left)
            else:
                self.make_block()

    def _publish(self, block: Block) -> None:
        self._made_at = time.monotonic()
        self._websocket.publish(block)
        if self._next_block is not None:
            self._next_block.set_result(block)
            self._next_block = None


async def _apply(behaviour: Behaviour, gate: Gate) -> None:
    if behaviour.frozen:
        gate.freeze()
    else:
        gate.thaw()
    if behaviour.refuse:
        gate.shut()
    else:
        await gate.open()
