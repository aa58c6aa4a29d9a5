"""What a subscriber hears of, and in which form."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from devtools.fake_chain import FakeChain

pytestmark = pytest.mark.asyncio

WINDOW_OPENED = "emissions.v10.EventWorkerSubmissionWindowOpened"


@pytest_asyncio.fixture
async def websocket(paused: FakeChain) -> AsyncIterator[ClientConnection]:
    async with connect(paused.websocket_url) as connection:
        yield connection


async def call(websocket: ClientConnection, method: str, id_: str, query: str) -> dict[str, Any]:
    request = {"jsonrpc": "2.0", "id": id_, "method": method, "params": {"query": query}}
    await websocket.send(json.dumps(request))
    answer: dict[str, Any] = json.loads(await websocket.recv())
    return answer


async def nothing_arrived(websocket: ClientConnection) -> bool:
    """Because what arrives next is the answer to a question of now."""
    return (await call(websocket, "unsubscribe", "last", ""))["id"] == "last"


def about(topic: int) -> str:
    return f"tm.event='NewBlockEvents' AND {WINDOW_OPENED}.topic_id = '\"{topic}\"'"


async def test_an_event_arrives_with_its_subscription(
    paused: FakeChain, websocket: ClientConnection
) -> None:
    answer = await call(websocket, "subscribe", "mine", about(69))
    assert answer == {"jsonrpc": "2.0", "id": "mine", "result": {}}
    nonce = paused.open_window(69)
    assert json.loads(await websocket.recv()) == {
        "jsonrpc": "2.0",
        "id": "mine",
        "result": {
            "query": about(69),
            "data": {
                "type": "tendermint/event/NewBlockEvents",
                "value": {
                    "height": str(nonce),
                    "events": [
                        {
                            "type": WINDOW_OPENED,
                            "attributes": [
                                {"key": "topic_id", "value": '"69"', "index": True},
                                {
                                    "key": "nonce_block_height",
                                    "value": f'"{nonce}"',
                                    "index": True,
                                },
                                {
                                    "key": "window_end_block",
                                    "value": f'"{nonce + 3}"',
                                    "index": True,
                                },
                            ],
                        }
                    ],
                },
            },
        },
    }


async def test_other_topics_and_roles_are_not_heard(
    paused: FakeChain, websocket: ClientConnection
) -> None:
    await call(websocket, "subscribe", "1", about(77))
    paused.open_window(69)
    paused.open_window(69, "reputer")
    assert await nothing_arrived(websocket)


async def test_one_subscription_for_all_topics(
    paused: FakeChain, websocket: ClientConnection
) -> None:
    query = f"tm.event='NewBlockEvents' AND {WINDOW_OPENED}.topic_id EXISTS"
    await call(websocket, "subscribe", "1", query)
    paused.make_block()
    paused.open_window(69, "reputer")
    paused.open_window(69)
    value = json.loads(await websocket.recv())["result"]["data"]["value"]
    assert value["events"][0]["type"] == WINDOW_OPENED


async def test_a_client_may_subscribe_to_five_queries(
    paused: FakeChain, websocket: ClientConnection
) -> None:
    for number in range(5):
        assert "error" not in await call(websocket, "subscribe", str(number), about(number))
    answer = await call(websocket, "subscribe", "6", about(6))
    assert answer["error"]["data"] == "max_subscriptions_per_client 5 reached"
    await paused.behave(most_subscriptions=6)
    assert "error" not in await call(websocket, "subscribe", "6", about(6))


async def test_a_node_has_so_many_subscribers(
    paused: FakeChain, websocket: ClientConnection
) -> None:
    await paused.behave(most_subscribers=1)
    assert "error" not in await call(websocket, "subscribe", "1", about(69))
    async with connect(paused.websocket_url) as other:
        answer = await call(other, "subscribe", "1", about(69))
    assert answer["error"]["data"] == "max_subscription_clients 1 reached"
    assert "error" not in await call(websocket, "subscribe", "2", about(77))


async def test_after_unsubscribing_nothing_is_heard(
    paused: FakeChain, websocket: ClientConnection
) -> None:
    await call(websocket, "subscribe", "1", about(69))
    await call(websocket, "unsubscribe", "1", about(69))
    paused.open_window(69)
    assert await nothing_arrived(websocket)


async def test_a_window_that_only_polling_shows(
    paused: FakeChain, websocket: ClientConnection
) -> None:
    await call(websocket, "subscribe", "1", about(69))
    paused.open_window(69, announce="poll")
    assert await nothing_arrived(websocket)


async def test_the_end_of_a_window_is_an_event(
    paused: FakeChain, websocket: ClientConnection
) -> None:
    closed = "emissions.v10.EventReputerSubmissionWindowClosed"
    query = f"tm.event='NewBlockEvents' AND {closed}.topic_id = '\"69\"'"
    await call(websocket, "subscribe", "1", query)
    paused.open_window(69, "reputer")
    for _ in range(3):
        paused.make_block()
    value = json.loads(await websocket.recv())["result"]["data"]["value"]
    assert value["events"][0]["type"] == closed


@pytest.mark.parametrize("event", ["NewBlock", "NewBlockHeader"])
async def test_every_block_can_be_heard(
    paused: FakeChain, websocket: ClientConnection, event: str
) -> None:
    await call(websocket, "subscribe", "1", f"tm.event='{event}'")
    for _ in range(2):
        paused.make_block()
    heights = []
    for _ in range(2):
        data = json.loads(await websocket.recv())["result"]["data"]
        assert data["type"] == f"tendermint/event/{event}"
        header = data["value"].get("block", data["value"])["header"]
        heights.append(header["height"])
    assert heights == ["1001", "1002"]


@pytest.mark.parametrize("query", ["", "message.sender='me'", "tm.event='NewBlock' AND a.b > 3"])
async def test_a_query_that_is_not_understood(websocket: ClientConnection, query: str) -> None:
    answer = await call(websocket, "subscribe", "1", query)
    assert answer["error"]["code"] == -32602


async def test_a_method_that_does_not_exist(websocket: ClientConnection) -> None:
    assert (await call(websocket, "listen", "1", ""))["error"]["code"] == -32601


@pytest.mark.parametrize(
    "text", ["hello", "[]", '{"id": "1"}', '{"id": "1", "method": "subscribe"}']
)
async def test_a_malformed_request_does_not_end_the_connection(
    websocket: ClientConnection, text: str
) -> None:
    await websocket.send(text)
    assert json.loads(await websocket.recv())["error"]["code"] == -32600
    assert await nothing_arrived(websocket)


async def test_the_websocket_has_one_path(paused: FakeChain) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with connect(paused.websocket_url.removesuffix("/websocket")):
            pass
    assert caught.value.response.status_code == 404
