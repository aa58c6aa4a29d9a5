"""Port 9010: what the worker answers to the world.

`GET /health` is for everybody. `GET /inference/{token}` is for consumers who have the bearer token
that the operator configured; it goes to the model server unless that works for a submission.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final

from aiohttp import web

from .answers import read_number
from .model import (
    Model,
    ModelBusyError,
    ModelError,
    ModelFailureKind,
    Question,
)
from .rate_limit import RateLimit
from .secret_files import read_secret
from .settings import TOKEN_PATTERN
from .status import Status
from .timings import Timings

_PER_MINUTE: Final = 60
_BURST: Final = 10
_MOST_CONNECTIONS: Final = 100
_MOST_BYTES: Final = 1024  # of a request's body, of which there is no use
_BUSY_SECONDS: Final = 2
# For a connection from its first byte to its last: it serves one request, of which the model
# server's answer takes the most.
_CONNECTION_SECONDS: Final = 20.0


class Server:
    """The HTTP server.

    Args:
        status: What `/health` tells.
        model: Asked for consumers.
        question: What to ask for a consumer's token.
        token_file: Holds the bearer token; consumers are refused without it.
        timings: How long to wait for what.
    """

    def __init__(
        self,
        status: Status,
        model: Model,
        *,
        question: Callable[[str], Question],
        token_file: Path,
        timings: Timings,
    ) -> None:
        self._status = status
        self._model = model
        self._question = question
        self._token_file = token_file
        self._timings = timings
        self._rate = RateLimit(_PER_MINUTE, _BURST)

    @contextlib.asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[int]:
        """Answers requests while the context lasts; gives the port, which may have been 0.

        Raises:
            OSError: The port is taken.
        """
        app = web.Application(client_max_size=_MOST_BYTES, middlewares=[_json_errors])
        app.add_routes(
            [web.get("/health", self._health), web.get("/inference/{token}", self._inference)]
        )
        runner = web.AppRunner(
            app,
            access_log=None,
            handler_cancellation=True,  # a consumer who is gone asks for nothing any more
            keepalive_timeout=5.0,
            lingering_time=0.0,
            shutdown_timeout=1.0,
        )
        await runner.setup()
        try:
            loop = asyncio.get_running_loop()
            server = await loop.create_server(lambda: _connection(runner.server), host, port)
            async with server:
                yield server.sockets[0].getsockname()[1]
        finally:
            await runner.cleanup()

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response(
            self._status.report(), status=200 if self._status.is_healthy else 503
        )

    async def _inference(self, request: web.Request) -> web.Response:
        self._authorize(request)
        if seconds := self._rate.take():
            raise _problem(
                web.HTTPTooManyRequests, f"at most {_PER_MINUTE} requests a minute", seconds
            )
        token = request.match_info["token"]
        if not TOKEN_PATTERN.fullmatch(token):
            raise _problem(
                web.HTTPNotFound, "a token has up to 64 letters, digits, dots, dashes, underscores"
            )
        return web.Response(text=await self._ask(token))

    def _authorize(self, request: web.Request) -> None:
        expected = read_secret(self._token_file)
        if not expected:
            raise _problem(
                web.HTTPForbidden,
                "inferences are not for consumers here, until the operator stores a bearer token: "
                "pipenv run allora secret set inference-token",
            )
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        is_right = hmac.compare_digest(
            given.strip().encode(errors="surrogateescape"), expected.encode()
        )
        if scheme.lower() != "bearer" or not is_right:
            error = _problem(
                web.HTTPUnauthorized, "send the operator's token: Authorization: Bearer TOKEN"
            )
            error.headers["WWW-Authenticate"] = "Bearer"
            raise error

    async def _ask(self, token: str) -> str:
        try:
            answer = await self._model.ask_for_consumer(
                self._question(token), read_number, self._timings.consumer_answer
            )
        except ModelBusyError:
            raise _problem(
                web.HTTPServiceUnavailable, "the model server is busy; ask again", _BUSY_SECONDS
            ) from None
        except ModelError as error:
            if error.kind is ModelFailureKind.TIMEOUT:
                raise _problem(
                    web.HTTPGatewayTimeout, "the model server did not answer in time; ask again"
                ) from None
            raise _problem(
                web.HTTPBadGateway,
                f"the model server gave no number ({error.kind}); the operator sees why in the "
                "worker's log",
            ) from None
        return str(answer.value)


def _connection(server: web.Server | None) -> asyncio.Protocol:
    """The protocol of a new connection, which is closed in any case after some time."""
    assert server is not None, "the runner is set up"  # noqa: S101
    connection = server()

    def close() -> None:
        if connection.transport is not None:
            connection.transport.abort()

    is_full = len(server.connections) >= _MOST_CONNECTIONS
    asyncio.get_running_loop().call_later(0 if is_full else _CONNECTION_SECONDS, close)
    return connection


@web.middleware
async def _json_errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answers errors as JSON, and keeps no connection open."""
    try:
        response = await handler(request)
    except web.HTTPException as error:
        error.content_type = "application/json"
        if not (error.text or "").startswith("{"):
            error.text = json.dumps({"error": error.reason})
        error.force_close()
        raise
    response.force_close()
    return response


def _problem(
    kind: type[web.HTTPError], message: str, retry_after: int | None = None
) -> web.HTTPError:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return kind(text=json.dumps({"error": message}), headers=headers)
