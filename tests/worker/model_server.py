"""A model server that a test tells what to answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Protocol, Self

from aiohttp import web

from devtools.fake_chain.gate import bind


class Reply(Protocol):
    """How a request is answered."""

    def __call__(self, request: web.Request) -> Awaitable[web.StreamResponse]: ...


class ModelServer:
    """An HTTP server on 127.0.0.1; it answers 100.5 until it is told something else."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self._bound = bind("127.0.0.1")
        self.port = self._bound.getsockname()[1]
        self.given_up = asyncio.Event()
        self.reply: Reply
        self.answers("100.5")

    def answers(self, text: str, status: int = 200, **headers: str) -> None:
        async def reply(request: web.Request) -> web.StreamResponse:  # noqa: ARG001
            return web.Response(text=text, status=status, headers=headers)

        self.reply = reply

    def hangs(self) -> None:
        async def reply(request: web.Request) -> web.StreamResponse:  # noqa: ARG001
            try:
                await asyncio.sleep(3600)
            finally:
                self.given_up.set()
            raise AssertionError

        self.reply = reply

    def streams(self, chunk: bytes, status: int = 200) -> None:
        """Answers without an end."""

        async def reply(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(status=status)
            await response.prepare(request)
            try:
                while True:
                    await response.write(chunk)
            finally:
                self.given_up.set()

        self.reply = reply

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0)
        await self._runner.setup()
        await web.SockSite(self._runner, self._bound).start()

    async def stop(self) -> None:
        """Refuses connections until it is started again, on the same port."""
        await self._runner.cleanup()
        self._bound = bind("127.0.0.1", self.port)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        self._bound.close()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request.path_qs)
        return await self.reply(request)
