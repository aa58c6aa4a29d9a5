"""What the worker answers: at port 9010 to the world, and at the operator's door.

`GET /health` is for everybody. `GET /inference/{token}`, at port 9010, is for consumers who have
the bearer token that the operator configured; it goes to the model server unless that works for a
submission.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from . import contract, operators_door
from .answers import read_number
from .door import Door
from .model import (
    Model,
    ModelBusyError,
    ModelError,
    ModelFailureKind,
    Question,
)
from .rate_limit import RateLimit
from .secret_files import read_secret
from .status import Status
from .timings import Timings

_PER_MINUTE: Final = 60
_BURST: Final = 10
_BUSY_SECONDS: Final = 2
_HEAD_SECONDS: Final = 5.0  # for all of a request's head
_MOST_BYTES: Final = 1024  # of a request's body, of which there is no use


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
        self._door = Door()

    @contextlib.asynccontextmanager
    async def listening(self, host: str, port: int, state_dir: Path) -> AsyncIterator[int]:
        """Answers requests while the context lasts; gives the port, which may have been 0.

        Args:
            host: The address for strangers.
            port: The port for strangers.
            state_dir: Where the operator's door is.

        Raises:
            OSError: The port is taken.
            CannotStartError: The operator's door is.
        """
        health = web.get("/health", self._health)
        inference = web.get("/inference/{token}", self._inference)
        async with _serving([health]) as operators, _serving([health, inference]) as strangers:
            await web.SockSite(operators, operators_door.bind(state_dir)).start()
            assert strangers.server is not None  # noqa: S101 - it is set up
            async with self._door.open(host, port, strangers.server) as taken:
                yield taken

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
        try:
            contract.token(token)
        except contract.InvalidValueError as error:
            raise _problem(web.HTTPNotFound, f"this {error.message}") from None
        with self._door.keeping(request.transport):
            return web.Response(text=await self._ask(token))

    def _authorize(self, request: web.Request) -> None:
        expected = read_secret(self._token_file)
        if not expected:
            raise _problem(
                web.HTTPForbidden,
                "inferences are not for consumers here, until the operator stores a bearer token: "
                "allora secret set inference-token",
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


@contextlib.asynccontextmanager
async def _serving(routes: Iterable[web.RouteDef]) -> AsyncIterator[web.AppRunner]:
    app = web.Application(client_max_size=_MOST_BYTES, middlewares=[_json_errors])
    app.add_routes(routes)
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=_LOGGER,
        handler_cancellation=True,  # a consumer who is gone asks for nothing any more
        keepalive_timeout=_HEAD_SECONDS,  # also until the first request
        lingering_time=0.0,
        shutdown_timeout=1.0,
        # Bytes, and headers: 256 KiB, of which browsers and proxies need a small part.
        max_line_size=2048,
        max_field_size=4096,
        max_headers=64,
        read_bufsize=4096,
    )
    await runner.setup()
    try:
        yield runner
    finally:
        await runner.cleanup()


def _is_a_fault_of_ours(record: logging.LogRecord) -> bool:
    """Whether a failure is more than a stranger's malformed request."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


_LOGGER: Final = logging.getLogger("aiohttp.server")
_LOGGER.addFilter(_is_a_fault_of_ours)


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
