"""Each way in which the chain can misbehave, as a client sees it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from allora_sdk.rpc_client.protos.cosmos.auth.v1beta1 import QueryAccountInfoRequest
from allora_sdk.rpc_client.protos.cosmos.bank.v1beta1 import QueryBalanceRequest
from allora_sdk.rpc_client.protos.cosmos.base.tendermint.v1beta1 import (
    GetLatestBlockRequest,
    GetNodeInfoRequest,
)
from allora_sdk.rpc_client.protos.cosmos.tx.v1beta1 import SimulateRequest
from allora_sdk.rpc_client.protos.emissions.v10 import (
    CanSubmitReputerPayloadRequest,
    CanSubmitWorkerPayloadRequest,
    GetTopicRequest,
    GetUnfulfilledWorkerNoncesRequest,
)
from allora_sdk.rpc_client.protos.feemarket.feemarket.v1 import GasPriceRequest
from grpclib.const import Status
from grpclib.exceptions import GRPCError, StreamTerminatedError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError

from devtools.fake_chain import FakeChain, Options
from tests.fake_chain.client import FEE, Client

pytestmark = pytest.mark.asyncio

NETWORK = (
    *(
        "most_subscribers",
        "calls_per_block",
        "topics",
        "competitors",
        "most_inferers",
        "most_forecasters",
    ),
    *("most_reputers", "score_alpha", "reward", "minimum_stake"),
)
"""What belongs to the network, and not to the node that is asked."""

OPENED = "emissions.v10.EventWorkerSubmissionWindowOpened.topic_id = '\"69\"'"


class Control:
    """The HTTP interface, as anybody uses it."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session

    async def get(self, path: str) -> Any:
        async with self._session.get(self._url + path) as response:
            return await response.json()

    async def post(self, path: str, **body: object) -> Any:
        async with self._session.post(self._url + path, json=body) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def refusal(self, path: str, body: str) -> str:
        async with self._session.post(self._url + path, data=body) as response:
            assert response.status == 400
            return await response.text()


@pytest_asyncio.fixture
async def control(paused: FakeChain) -> AsyncIterator[Control]:
    async with aiohttp.ClientSession() as session:
        yield Control(paused.control_url, session)


@contextlib.asynccontextmanager
async def subscriber(chain: FakeChain) -> AsyncIterator[ClientConnection]:
    query = f"tm.event='NewBlockEvents' AND {OPENED}"
    async with connect(chain.websocket_url, ping_interval=None) as connection:
        await send(connection, "subscribe", query)
        assert json.loads(await connection.recv()) == {"jsonrpc": "2.0", "id": "1", "result": {}}
        yield connection


async def send(connection: ClientConnection, method: str, query: str) -> None:
    request = {"jsonrpc": "2.0", "id": "1", "method": method, "params": {"query": query}}
    await connection.send(json.dumps(request))


async def chain_id(client: Client) -> str:
    response = await client.rpc.tendermint.query.get_node_info(GetNodeInfoRequest())
    return str(response.default_node_info.network)


async def network_settled(control: Control) -> None:
    """Other connections of the same event loop have had every opportunity."""
    for _ in range(20):
        await control.get("/state")


async def test_the_state_starts_empty(control: Control) -> None:
    assert await control.get("/state") == {
        "height": 1000,
        "registered": {"69": []},
        "balance": str(10**21),
        "balances": {},
        "windows": [],
        "submissions": [],
        "waiting": 0,
        "rejected": [],
        "calls": {},
    }


async def test_the_state_counts_calls(control: Control, client: Client) -> None:
    await chain_id(client)
    await chain_id(client)
    assert (await control.get("/state"))["calls"] == {"GetNodeInfo": 2}


async def test_windows_open_and_close_on_request(control: Control) -> None:
    assert await control.post("/window", topic=69) == {"nonce": 1001}
    assert await control.post("/window", topic=69, announce="poll") == {"nonce": 1002}
    assert await control.post("/close", topic=69) == {"closed": [1001, 1002]}
    assert await control.post("/window", topic=69, role="reputer") == {"nonce": 1002}


async def test_an_epoch_ends_on_request(control: Control) -> None:
    assert await control.post("/settle", topic=69) == {"settled": []}
    nonce = (await control.post("/window", topic=69))["nonce"]
    assert await control.post("/settle", topic=69) == {"settled": [nonce]}
    assert await control.post("/settle", topic=69) == {"settled": []}


async def test_blocks_and_time_pass_on_request(paused: FakeChain, control: Control) -> None:
    before = paused.ledger.time_of(1000)
    assert await control.post("/blocks", count=3, seconds=100) == {"height": 1003}
    assert (paused.ledger.time_of(1003) - before).total_seconds() >= 300


async def test_behaviour_changes_in_part_and_is_told_whole(control: Control) -> None:
    whole = await control.post("/behaviour", whitelisted=False, checktx=[13, "sdk", "too cheap"])
    assert whole == {
        "chain_id": "localnet",
        "whitelisted": False,
        "frozen": False,
        "deaf": False,
        "refuse": False,
        "unimplemented": False,
        "inactive": False,
        "checktx": [13, "sdk", "too cheap"],
        "delivertx": None,
        "latest_height": None,
        "invented_nonces": 0,
        "balance_text": None,
        "error_text": None,
        "padding": 0,
        "balance": str(10**21),
        "gas_price": 1,
        "simulated_gas": 90_000,
        "sequence": None,
        "most_subscriptions": 5,
        **{name: whole[name] for name in NETWORK},
    }
    assert await control.post("/behaviour", checktx=None, balance="7") == {
        **whole,
        "checktx": None,
        "balance": "7",
    }


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("/window", '{"topic": 70}', "there is no topic 70, only [69]"),
        ("/window", "{}", "topic: Field required"),
        ("/window", '{"topic": 69, "announce": "loud"}', "announce: Input should be"),
        ("/close", '{"topic": 70}', "there is no topic 70, only [69]"),
        ("/blocks", '{"seconds": -1}', "seconds: Input should be greater"),
        ("/settle", '{"topic": 70}', "there is no topic 70, only [69]"),
        ("/behaviour", '{"frozn": true}', "frozn: Extra inputs are not permitted"),
        ("/behaviour", '{"topics": {"69": {"units": "USD"}}}', "topics.69.units: Extra inputs"),
        ("/behaviour", '{"score_alpha": "2"}', "score_alpha: Input should be less"),
        ("/behaviour", '{"checktx": [0, "sdk", "all is well"]}', "checktx"),
        ("/behaviour", '{"balance": "-1"}', "balance: Input should be greater"),
        ("/behaviour", "[]", "body: Input should be"),
        ("/behaviour", "not JSON", "body: Invalid JSON"),
    ],
)
async def test_what_makes_no_sense_is_explained(
    control: Control, path: str, body: str, reason: str
) -> None:
    before = await control.post("/behaviour")
    assert reason in await control.refusal(path, body)
    assert await control.post("/behaviour") == before


async def test_frozen_nothing_is_answered_until_it_thaws(
    paused: FakeChain, client: Client, control: Control
) -> None:
    await chain_id(client)
    async with subscriber(paused) as websocket, Client(paused) as newcomer:
        await control.post("/behaviour", frozen=True)
        waiting = [
            asyncio.create_task(chain_id(client)),
            asyncio.create_task(chain_id(newcomer)),
            asyncio.create_task(await_pong(websocket)),
            asyncio.create_task(websocket.recv()),
            asyncio.create_task(handshake(paused)),
        ]
        nonce = (await control.post("/window", topic=69))["nonce"]
        await network_settled(control)
        assert [each.done() for each in waiting] == [False] * len(waiting)
        assert (await control.get("/state"))["calls"] == {"GetNodeInfo": 1, "subscribe": 1}

        await control.post("/behaviour", frozen=False)
        first, second, _, event, _ = await asyncio.gather(*waiting)
        assert (first, second) == ("localnet", "localnet")
        assert f'\\"{nonce}\\"' in event


async def test_frozen_it_can_still_be_stopped() -> None:
    async with FakeChain(Options()) as chain, Client(chain) as client:
        await chain_id(client)
        await chain.behave(frozen=True)
        waiting = asyncio.create_task(chain_id(client))
        await chain.next_block()
    with pytest.raises((StreamTerminatedError, ConnectionError)):
        await waiting


async def await_pong(websocket: ClientConnection) -> float:
    return await (await websocket.ping())


async def handshake(chain: FakeChain) -> None:
    async with connect(chain.websocket_url, open_timeout=None):
        pass


async def test_deaf_no_event_arrives_but_pings_are_answered(
    paused: FakeChain, control: Control
) -> None:
    async with subscriber(paused) as websocket:
        await control.post("/behaviour", deaf=True)
        await control.post("/window", topic=69)
        await await_pong(websocket)  # whatever was sent before has arrived, too
        await control.post("/behaviour", deaf=False)
        nonce = (await control.post("/window", topic=69))["nonce"]
        event = json.loads(await websocket.recv())
        assert event["result"]["data"]["value"]["height"] == str(nonce)


async def test_deaf_new_subscriptions_are_confirmed(paused: FakeChain) -> None:
    await paused.behave(deaf=True)
    async with subscriber(paused) as websocket:
        await await_pong(websocket)


async def test_refuse_drops_connections_and_takes_no_new_ones(
    paused: FakeChain, client: Client, control: Control
) -> None:
    await chain_id(client)
    urls = paused.grpc_url, paused.websocket_url
    async with subscriber(paused) as websocket:
        await control.post("/behaviour", refuse=True)
        with pytest.raises(ConnectionClosedError):
            await websocket.recv()
        with pytest.raises((ConnectionRefusedError, StreamTerminatedError)):
            await chain_id(client)
        with pytest.raises(ConnectionRefusedError):
            await chain_id(client)
        with pytest.raises(ConnectionRefusedError):
            await handshake(paused)

    await control.post("/behaviour", refuse=False)
    assert (paused.grpc_url, paused.websocket_url) == urls
    assert await chain_id(client) == "localnet"
    await handshake(paused)


async def test_refuse_leaves_its_ports_to_no_other_program(paused: FakeChain) -> None:
    await paused.behave(refuse=True)
    for url in (paused.grpc_url, paused.rest_url):
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", int(url.rsplit(":", 1)[1])))


async def test_refuse_drops_a_connection_that_has_only_just_come(
    paused: FakeChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = asyncio.open_connection
    is_taken, goes_on = asyncio.Event(), asyncio.Event()

    async def connect_behind_the_gate(*address: Any) -> Any:
        is_taken.set()
        await goes_on.wait()
        return await connect(*address)

    monkeypatch.setattr(asyncio, "open_connection", connect_behind_the_gate)
    reader, writer = await connect("127.0.0.1", int(paused.rest_url.rsplit(":", 1)[1]))
    await is_taken.wait()
    await paused.behave(refuse=True)
    goes_on.set()
    assert await asyncio.wait_for(reader.read(), 120) == b""
    writer.close()


async def test_unimplemented_the_module_is_another_version(
    paused: FakeChain, client: Client
) -> None:
    await paused.behave(unimplemented=True)
    with pytest.raises(GRPCError) as caught:
        await client.emissions.get_topic(GetTopicRequest(topic_id=69))
    assert caught.value.status is Status.UNIMPLEMENTED
    assert caught.value.message == "unknown service emissions.v10.QueryService"
    response = await client.broadcast(client.inference(1000))
    assert response.code == 2
    assert "InsertWorkerPayloadRequest" in response.raw_log
    assert await chain_id(client) == "localnet"

    await paused.behave(unimplemented=False)
    topic = (await client.emissions.get_topic(GetTopicRequest(topic_id=69))).topic
    assert (topic.id, topic.worker_submission_window, topic.loss_method) == (69, 3, "mse")


async def test_checktx_refuses_every_transaction(paused: FakeChain, client: Client) -> None:
    await paused.behave(checktx=[13, "sdk", "too cheap"])
    response = await client.broadcast(client.inference(1000))
    assert (response.code, response.codespace, response.raw_log) == (13, "sdk", "too cheap")
    paused.make_block()
    with pytest.raises(GRPCError):
        await client.result(response.txhash)
    await paused.behave(checktx=None)
    await client.register()


async def test_delivertx_fails_every_transaction_at_its_cost(
    paused: FakeChain, client: Client
) -> None:
    await paused.behave(balance="1000000", delivertx=[11, "sdk", "out of gas"])
    result = await client.deliver(client.inference(1000))
    assert (result.code, result.codespace, result.raw_log) == (11, "sdk", "out of gas")
    state = paused.state()
    assert state["balance"] == str(1_000_000 - FEE)
    assert state["rejected"][0]["reason"] == "out of gas"


async def test_not_whitelisted_nobody_may_submit(paused: FakeChain, client: Client) -> None:
    async def may_submit() -> tuple[bool, bool]:
        asked = {"topic_id": 69, "address": client.address}
        worker = await client.emissions.can_submit_worker_payload(
            CanSubmitWorkerPayloadRequest(**asked)
        )
        reputer = await client.emissions.can_submit_reputer_payload(
            CanSubmitReputerPayloadRequest(**asked)
        )
        return worker.can_submit_worker_payload, reputer.can_submit_reputer_payload

    await client.register()
    assert await may_submit() == (True, True)
    await paused.behave(whitelisted=False)
    assert await may_submit() == (False, False)
    result = await client.deliver(client.inference(paused.open_window(69)))
    assert "not permitted to submit" in result.raw_log


async def test_the_networks_name_changes(paused: FakeChain, client: Client) -> None:
    await paused.behave(chain_id="allora-testnet-1")
    assert await chain_id(client) == "allora-testnet-1"
    assert (await client.broadcast(client.inference(1000))).code == 4
    assert (await client.broadcast(client.inference(1000), chain_id="allora-testnet-1")).code == 0


async def test_it_lies_about_price_gas_and_sequence_and_takes_what_is_right(
    paused: FakeChain, client: Client
) -> None:
    async def told() -> tuple[str, int, int]:
        account = QueryAccountInfoRequest(address=client.address)
        return (
            (
                await client.rpc.feemarket.query.gas_price(GasPriceRequest(denom="uallo"))
            ).price.amount,
            (await client.rpc.tx.query.simulate(SimulateRequest())).gas_info.gas_used,
            (await client.rpc.auth.query.account_info(account)).info.sequence,
        )

    await client.register()
    assert await told() == (str(10**18), 90_000, 1)
    await paused.behave(gas_price=7, simulated_gas=2**63, sequence=2**64 - 1)
    assert await told() == (str(7 * 10**18), 2**63, 2**64 - 1)
    assert (await client.broadcast(client.inference(1000), sequence=1)).code == 0


async def test_a_node_that_lies_says_what_it_is_told_to(paused: FakeChain, client: Client) -> None:
    async def balance() -> str:
        request = QueryBalanceRequest(address=client.address, denom="uallo")
        return str((await client.rpc.bank.query.balance(request)).balance.amount)

    async def height() -> int:
        answer = await client.rpc.tendermint.query.get_latest_block(GetLatestBlockRequest())
        return int(answer.sdk_block.header.height)

    async def nonces() -> list[int]:
        request = GetUnfulfilledWorkerNoncesRequest(topic_id=69)
        answer = await client.emissions.get_unfulfilled_worker_nonces(request)
        return [nonce.block_height for nonce in answer.nonces.nonces]

    await paused.behave(latest_height=5, balance_text="abc", invented_nonces=2)
    assert (await balance(), await height(), await nonces()) == ("abc", 5, [1000, 999])
    await paused.behave(error_text="oops")
    with pytest.raises(GRPCError, match="oops"):
        await nonces()


async def test_subscribers_are_sent_any_frame(paused: FakeChain, control: Control) -> None:
    async with subscriber(paused) as connection:
        await control.post("/frame", text="oops", times=2)
        assert [await connection.recv(), await connection.recv()] == ["oops", "oops"]


async def test_after_a_reset_nobody_is_registered(client: Client, control: Control) -> None:
    await client.register()
    await control.post("/reset")
    state = await control.get("/state")
    assert (state["height"], state["registered"]) == (1000, {"69": []})
    await client.register()
