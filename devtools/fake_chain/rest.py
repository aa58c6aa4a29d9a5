"""The REST queries of a node that clients without gRPC need.

https://docs.cosmos.network/main/learn/advanced/grpc_rest#rest-server: each query of a module has a
path, numbers of 64 bits are texts, and members with default values are there.
"""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from . import rest_transactions
from .competition import ACTOR_TYPES
from .decimals import text
from .emissions import metadata
from .ledger import Ledger

NOT_FOUND, RESOURCE_EXHAUSTED, UNIMPLEMENTED = 5, 8, 12
"""Of gRPC's statuses, which errors repeat.
https://grpc.io/docs/guides/status-codes/"""


def application(ledger: Ledger) -> web.Application:
    """Return the REST interface of a chain."""
    answers = _Answers(ledger)
    app = web.Application(middlewares=[_limit(ledger)])
    app.add_routes(
        [
            web.get("/cosmos/base/tendermint/v1beta1/node_info", answers.node_info),
            web.get("/cosmos/base/tendermint/v1beta1/blocks/latest", answers.latest_block),
            web.get("/cosmos/bank/v1beta1/balances/{address}/by_denom", answers.balance),
            web.get("/emissions/v10/topic_exists/{topic}", answers.topic_exists),
            web.get("/emissions/v10/topics/{topic}", answers.topic),
            web.get("/emissions/v10/is_topic_active/{topic}", answers.is_topic_active),
            web.get(
                "/emissions/v10/topics/{topic}/workers/{address}/latest_input_inference",
                answers.latest_inference,
            ),
            *(
                web.get(f"/emissions/v10/{kind}_score_ema/{{topic}}/{{address}}", answers.average)
                for kind in ACTOR_TYPES
            ),
            *rest_transactions.routes(ledger),
            web.get("/{path:.*}", _unknown),
        ]
    )
    return app


def _limit(ledger: Ledger) -> Middleware:
    @web.middleware
    async def limit(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not ledger.admit_call():
            return _error(HTTPStatus.TOO_MANY_REQUESTS, RESOURCE_EXHAUSTED, "rate limit exceeded")
        return await handler(request)

    return limit


class _Answers:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def node_info(self, _: web.Request) -> web.Response:
        network = self._ledger.behaviour.chain_id
        return web.json_response({"default_node_info": {"network": network}})

    async def latest_block(self, _: web.Request) -> web.Response:
        return web.json_response({"block": {"header": {"height": str(self._ledger.height)}}})

    async def balance(self, request: web.Request) -> web.Response:
        amount = self._ledger.accounts[request.match_info["address"]].balance
        denom = request.query.get("denom", "")
        return web.json_response({"balance": {"denom": denom, "amount": str(amount)}})

    async def topic_exists(self, request: web.Request) -> web.Response:
        return self._emissions({"exists": self._topic_of(request) in self._ledger.topics.ids})

    async def topic(self, request: web.Request) -> web.Response:
        topic = self._topic_of(request)
        if topic not in self._ledger.topics.ids:
            return _error(404, NOT_FOUND, f"topic {topic}: not found")
        facts = self._ledger.competition.facts(topic)
        arity = "MULTI" if facts.labels else "SINGLE"
        return self._emissions(
            {
                "topic": {
                    "id": str(topic),
                    "metadata": metadata(self._ledger, topic),
                    "loss_method": facts.loss_method,
                    "output_arity": f"TOPIC_OUTPUT_ARITY_{arity}",
                }
            }
        )

    async def is_topic_active(self, request: web.Request) -> web.Response:
        topic = self._topic_of(request)
        exists = topic in self._ledger.topics.ids
        return self._emissions({"is_active": exists and self._ledger.is_active(topic)})

    async def latest_inference(self, request: web.Request) -> web.Response:
        address = request.match_info["address"]
        live = self._ledger.competition.live(self._topic_of(request), address)
        if live is None:
            return _error(404, NOT_FOUND, f"no inference of {address}")
        return self._emissions({"latest_input_inference": {"block_height": str(live[0])}})

    async def average(self, request: web.Request) -> web.Response:
        topic, address = self._topic_of(request), request.match_info["address"]
        if topic not in self._ledger.topics.ids:
            return _error(404, NOT_FOUND, f"topic {topic} not found")
        kind = next(each for each in ACTOR_TYPES if f"/{each}_score_ema/" in request.path)
        average = self._ledger.competition.scores.average((topic, kind), address)
        score = {
            "topic_id": str(topic),
            "block_height": str(average.height),
            "address": address,
            "score": text(average.score),
        }
        return self._emissions({"score": score})

    def _emissions(self, answer: dict[str, object]) -> web.Response:
        if self._ledger.behaviour.unimplemented:
            return _error(501, UNIMPLEMENTED, "Not Implemented")
        return web.json_response(answer)

    def _topic_of(self, request: web.Request) -> int:
        topic = request.match_info["topic"]
        return int(topic) if topic.isdecimal() else 0


async def _unknown(_: web.Request) -> web.Response:
    return _error(501, UNIMPLEMENTED, "Not Implemented")


def _error(status: int, code: int, message: str) -> web.Response:
    return web.json_response({"code": code, "message": message, "details": []}, status=status)
