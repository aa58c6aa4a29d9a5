"""The websocket of a CometBFT node: subscriptions to blocks and to the events in them."""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus

from pydantic import BaseModel, ValidationError
from websockets.asyncio.server import ServerConnection, broadcast
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from .ledger import Block, Ledger

PATH = "/websocket"
CONDITION = re.compile(r"\s*([\w.]+)\s*(?:=\s*'([^']*)'|EXISTS)\s*")

# https://www.jsonrpc.org/specification#error_object
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603


class Parameters(BaseModel):
    """What a call is about."""

    query: str


class Call(BaseModel):
    """A JSON-RPC request."""

    id: str
    method: str
    params: Parameters


@dataclass(frozen=True)
class Query:
    """Which blocks a subscriber wants to hear of.

    Attributes:
        event: `NewBlockEvents`, `NewBlock` or `NewBlockHeader`.
        conditions: Attributes that the block's events must have: name with the event's kind
            before it, and exact value; None: any value.
    """

    event: str
    conditions: tuple[tuple[str, str | None], ...]

    @classmethod
    def parse(cls, text: str) -> Query:
        """Read a query such as `tm.event='NewBlockEvents' AND some.Event.name = 'value'`.

        Raises:
            ValueError: It uses more of the query language than this stand-in knows.
        """
        matches = [CONDITION.fullmatch(part) for part in text.split(" AND ")]
        pairs = [(match[1], match[2]) for match in matches if match]
        name, event = pairs[0] if pairs else ("", None)
        if len(pairs) != len(matches) or name != "tm.event" or event is None:
            raise ValueError(f"the fake chain does not understand the query {text}")
        return cls(event, tuple(pairs[1:]))

    def matches(self, block: Block) -> bool:
        """Return whether a subscriber gets this block."""
        attributes: set[tuple[str, str | None]] = {
            (f"{event.kind}.{name}", value)
            for event in block.events
            for name, value in event.attributes.items()
        }
        attributes |= {(name, None) for name, _ in attributes}
        return set(self.conditions) <= attributes


class Websocket:
    """Serves websocket connections, and sends them blocks.

    Args:
        ledger: The chain whose blocks they are.
        calls: Counts the calls by method: `subscribe` and `unsubscribe`.
    """

    def __init__(self, ledger: Ledger, calls: Counter[str]) -> None:
        self._ledger = ledger
        self._calls = calls
        self._subscriptions: dict[tuple[ServerConnection, str], tuple[str, Query]] = {}

    def refuse_other_paths(self, connection: ServerConnection, request: Request) -> Response | None:
        """Let connections to `/websocket` in, and no others."""
        if request.path == PATH:
            return None
        return connection.respond(HTTPStatus.NOT_FOUND, f"the websocket is at {PATH}\n")

    async def serve(self, connection: ServerConnection) -> None:
        """Answer one connection until it is closed."""
        try:
            with contextlib.suppress(ConnectionClosed):
                async for text in connection:
                    await connection.send(json.dumps(self._answer(connection, text)))
        finally:
            for key in [key for key in self._subscriptions if key[0] is connection]:
                del self._subscriptions[key]

    def publish(self, block: Block) -> None:
        """Send a block to its subscribers; never wait for a slow one."""
        if self._ledger.behaviour.deaf:
            return
        for (connection, id_), (text, query) in self._subscriptions.items():
            if query.matches(block):
                data = {
                    "type": f"tendermint/event/{query.event}",
                    "value": self._value(query, block),
                }
                result = {"query": text, "data": data}
                broadcast([connection], json.dumps({"jsonrpc": "2.0", "id": id_, "result": result}))

    def tell(self, frame: str | bytes, times: int) -> None:
        """Send every subscriber a frame, of any content, several times."""
        connections = {connection for connection, _ in self._subscriptions}
        for _ in range(times):
            broadcast(connections, frame)

    def _answer(self, connection: ServerConnection, text: str | bytes) -> dict[str, object]:
        try:
            call = Call.model_validate_json(text)
        except ValidationError as error:
            return _error(None, INVALID_REQUEST, f"Invalid request: {error}")
        self._calls[call.method] += 1
        if call.method == "unsubscribe":
            self._subscriptions.pop((connection, call.id), None)
        elif call.method == "subscribe":
            try:
                query = Query.parse(call.params.query)
            except ValueError as error:
                return _error(call.id, INVALID_PARAMS, str(error))
            if limit := self._limit_reached(connection, call):
                return limit
            self._subscriptions[connection, call.id] = (call.params.query, query)
        else:
            return _error(call.id, METHOD_NOT_FOUND, "Method not found")
        return {"jsonrpc": "2.0", "id": call.id, "result": {}}

    def _limit_reached(self, connection: ServerConnection, call: Call) -> dict[str, object] | None:
        """Return the error for more clients, or queries of one client, than allowed, or None.

        https://github.com/cometbft/cometbft/blob/v0.38.x/rpc/core/events.go
        """
        behaviour = self._ledger.behaviour
        clients = {key[0] for key in self._subscriptions} | {connection}
        queries = {query for key, (query, _) in self._subscriptions.items() if key[0] is connection}
        reason = None
        if len(clients) > behaviour.most_subscribers:
            reason = f"max_subscription_clients {behaviour.most_subscribers} reached"
        elif len(queries | {call.params.query}) > behaviour.most_subscriptions:
            reason = f"max_subscriptions_per_client {behaviour.most_subscriptions} reached"
        return _error(call.id, INTERNAL_ERROR, "Internal error", reason) if reason else None

    def _value(self, query: Query, block: Block) -> dict[str, object]:
        header = {
            "chain_id": self._ledger.behaviour.chain_id,
            "height": str(block.height),
            "time": block.time.isoformat().replace("+00:00", "Z"),
        }
        if query.event == "NewBlockHeader":
            return {"header": header}
        if query.event == "NewBlock":
            return {"block": {"header": header}}
        events = [
            {
                "type": event.kind,
                "attributes": [
                    {"key": name, "value": value, "index": True}
                    for name, value in event.attributes.items()
                ],
            }
            for event in block.events
        ]
        return {"height": str(block.height), "events": events}


def _error(id_: str | None, code: int, message: str, data: str | None = None) -> dict[str, object]:
    error = {"code": code, "message": message} | ({"data": data} if data else {})
    return {"jsonrpc": "2.0", "id": id_, "error": error}
