"""The HTTP server, on the public port and on the operator's socket.

`GET /health` needs no token. `GET /inference/{token}`, on the public port, needs the operator's
bearer token, and asks the model server unless a submission needs it.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from functools import partial
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from . import contract, health_socket
from .answers import Inference
from .context import Context
from .model import ModelBusyError, ModelError, ModelFailureKind
from .public_listener import PublicListener
from .rate_limit import RateLimit
from .secret_files import read_secret

_PER_MINUTE: Final = 60
_BURST: Final = 10
_BUSY_SECONDS: Final = "2"
_HEAD_SECONDS: Final = 5.0  # limit of a request's head
_MAX_BODY_BYTES: Final = 1024  # no request needs a body


class Server:
    """The HTTP server of a worker."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._token_file = context.settings.secrets_dir / contract.Secret.INFERENCE_TOKEN
        self._rate = RateLimit(_PER_MINUTE, _BURST)
        self._listener = PublicListener()

    @contextlib.asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[int]:
        """Serve within the context, which gives the public port; 0 means any.

        Raises:
            CannotStartError: The port, or the operator's socket, is taken.
        """
        health = web.get("/health", self._health)
        inference = web.get("/inference/{token}", self._inference)
        async with _serving([health]) as local, _serving([health, inference]) as public:
            socket = health_socket.bind(self._context.settings.state_dir)
            await web.SockSite(local, socket).start()
            assert public.server is not None  # noqa: S101 - it is set up
            async with self._listener.open(host, port, public.server) as taken:
                yield taken

    async def _health(self, _: web.Request) -> web.Response:
        status = self._context.status
        return web.json_response(status.report(), status=200 if status.is_healthy else 503)

    async def _inference(self, request: web.Request) -> web.Response:
        self._authorize(request)
        if seconds := self._rate.take():
            message = f"at most {_PER_MINUTE} requests a minute"
            raise web.HTTPTooManyRequests(text=message, headers={"Retry-After": str(seconds)})
        token = request.match_info["token"]
        try:
            contract.token(token)
        except contract.InvalidValueError as error:
            raise web.HTTPNotFound(text=f"this {error.message}") from None
        with self._listener.keeping(request.transport):
            return _response(await self._ask(token))

    def _authorize(self, request: web.Request) -> None:
        expected = read_secret(self._token_file)
        if not expected:
            raise web.HTTPForbidden(
                text="consumers are refused until the operator stores a bearer token: "
                "allora secret set inference-token"
            )
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        is_right = hmac.compare_digest(
            given.strip().encode(errors="surrogateescape"), expected.encode()
        )
        if scheme.lower() != "bearer" or not is_right:
            raise web.HTTPUnauthorized(
                text="send the operator's token: Authorization: Bearer TOKEN",
                headers={"WWW-Authenticate": "Bearer"},
            )

    async def _ask(self, token: str) -> Inference:
        request, timings = self._context.inference_request(token), self._context.timings
        read = partial(self._context.read_inference, topic_id=request.topic_id)
        try:
            answer = await self._context.model.ask_for_consumer(
                request, read, timings.consumer_answer
            )
        except ModelBusyError:
            raise web.HTTPServiceUnavailable(
                text="the model server is busy; ask again", headers={"Retry-After": _BUSY_SECONDS}
            ) from None
        except ModelError as error:
            if error.kind is ModelFailureKind.TIMEOUT:
                message = "the model server did not answer in time; ask again"
                raise web.HTTPGatewayTimeout(text=message) from None
            raise web.HTTPBadGateway(
                text=f"the model server gave no number ({error.kind}); the operator sees why in "
                "the worker's log"
            ) from None
        return answer.value


def _response(inference: Inference) -> web.Response:
    """Return a number as text, and numbers by label as a JSON object, with all their digits."""
    if not isinstance(inference, dict):
        return web.Response(text=str(inference))
    members = (f"{json.dumps(label)}: {number}" for label, number in inference.items())
    return web.Response(text=f"{{{', '.join(members)}}}", content_type="application/json")


@contextlib.asynccontextmanager
async def _serving(routes: Iterable[web.RouteDef]) -> AsyncIterator[web.AppRunner]:
    app = web.Application(client_max_size=_MAX_BODY_BYTES, middlewares=[_json_errors])
    app.add_routes(routes)
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=_LOGGER,
        handler_cancellation=True,  # when the consumer disconnects
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


def _is_own_fault(record: logging.LogRecord) -> bool:
    """Return whether a failure is more than a malformed request."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


_LOGGER: Final = logging.getLogger("aiohttp.server")
_LOGGER.addFilter(_is_own_fault)


@web.middleware
async def _json_errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer errors as JSON, and close the connection."""
    try:
        response = await handler(request)
    except web.HTTPException as error:
        error.content_type = "application/json"
        error.text = json.dumps({"error": error.text})
        error.force_close()
        raise
    response.force_close()
    return response
