"""The HTTP interface that steers a fake chain and shows its state; no real node has it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aiohttp import web
from pydantic import (
    BaseModel,
    ConfigDict,
    NonNegativeFloat,
    PositiveInt,
    TypeAdapter,
    ValidationError,
)

from .windows import Announcement, Role

if TYPE_CHECKING:
    from .server import FakeChain


class WindowRequest(BaseModel):
    """Body of `POST /window`."""

    model_config = ConfigDict(extra="forbid")

    topic: int
    role: Role = "worker"
    announce: Announcement = "both"


class CloseRequest(BaseModel):
    """Body of `POST /close`."""

    model_config = ConfigDict(extra="forbid")

    topic: int


class BlocksRequest(BaseModel):
    """Body of `POST /blocks`."""

    model_config = ConfigDict(extra="forbid")

    count: PositiveInt = 1
    seconds: NonNegativeFloat = 0


class FrameRequest(BaseModel):
    """Body of `POST /frame`."""

    model_config = ConfigDict(extra="forbid")

    text: str
    times: PositiveInt = 1


CHANGES = TypeAdapter(dict[str, object])
"""Body of `POST /behaviour`: attributes of `Behaviour`."""


def application(chain: FakeChain) -> web.Application:
    """Return the interface of one chain.

    `GET /state` shows what happened. `POST /window` opens a window, `POST /close` closes a topic's
    windows, `POST /settle` closes them, scores what was submitted and pays, `POST /blocks` makes
    blocks, each so many seconds later, `POST /behaviour` changes how the node behaves,
    `POST /frame` sends websocket subscribers a text, and `POST /reset` begins the chain anew.
    Bodies and answers are JSON; a body that makes no sense gets 400 and a sentence.
    """

    async def state(_: web.Request) -> web.Response:
        return web.json_response(chain.state())

    async def window(request: web.Request) -> web.Response:
        wanted = WindowRequest.model_validate_json(await request.read())
        nonce = chain.open_window(wanted.topic, wanted.role, wanted.announce)
        return web.json_response({"nonce": nonce})

    async def close(request: web.Request) -> web.Response:
        wanted = CloseRequest.model_validate_json(await request.read())
        return web.json_response({"closed": chain.close_windows(wanted.topic)})

    async def settle(request: web.Request) -> web.Response:
        wanted = CloseRequest.model_validate_json(await request.read())
        return web.json_response({"settled": chain.settle(wanted.topic)})

    async def blocks(request: web.Request) -> web.Response:
        wanted = BlocksRequest.model_validate_json(await request.read())
        chain.make_blocks(wanted.count, wanted.seconds)
        return web.json_response({"height": chain.ledger.height})

    async def behaviour(request: web.Request) -> web.Response:
        changes = CHANGES.validate_json(await request.read())
        return web.json_response(await chain.behave(**changes))

    async def frame(request: web.Request) -> web.Response:
        wanted = FrameRequest.model_validate_json(await request.read())
        chain.tell(wanted.text, wanted.times)
        return web.json_response({})

    async def reset(_: web.Request) -> web.Response:
        chain.reset()
        return web.json_response({})

    app = web.Application(middlewares=[_explain_bad_requests])
    app.add_routes(
        [
            web.get("/state", state),
            web.post("/window", window),
            web.post("/close", close),
            web.post("/settle", settle),
            web.post("/blocks", blocks),
            web.post("/behaviour", behaviour),
            web.post("/frame", frame),
            web.post("/reset", reset),
        ]
    )
    return app


@web.middleware
async def _explain_bad_requests(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except ValidationError as error:
        reasons = [
            f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in error.errors()
        ]
        return web.Response(status=400, text="; ".join(reasons) + "\n")
    except ValueError as error:
        return web.Response(status=400, text=f"{error}\n")
