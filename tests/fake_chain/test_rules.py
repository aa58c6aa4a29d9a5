"""What the network would not take, this chain does not take."""

from __future__ import annotations

import pytest
from allora_sdk.rpc_client.protos.cosmos.auth.v1beta1 import QueryAccountInfoRequest
from allora_sdk.rpc_client.protos.cosmos.bank.v1beta1 import QueryBalanceRequest
from allora_sdk.rpc_client.protos.cosmos.base.abci.v1beta1 import TxResponse
from allora_sdk.rpc_client.protos.emissions import v10
from cosmpy.crypto.keypairs import PrivateKey
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from devtools.fake_chain import FakeChain
from devtools.fake_chain.ledger import MESSAGE_FAILED
from tests.fake_chain.client import FEE, Client

pytestmark = pytest.mark.asyncio

FAILED = f"{MESSAGE_FAILED}: "


async def account_state(client: Client) -> tuple[int, int]:
    """Balance and sequence, as a client learns them."""
    balance = await client.rpc.bank.query.balance(
        QueryBalanceRequest(address=client.address, denom="uallo")
    )
    info = await client.rpc.auth.query.account_info(QueryAccountInfoRequest(address=client.address))
    return int(balance.balance.amount), info.info.sequence


async def test_what_is_right_is_taken(paused: FakeChain, client: Client) -> None:
    await client.register()
    nonce = paused.open_window(69)
    result = await client.deliver(client.inference(nonce, "65000.25"))
    assert (result.code, result.height) == (0, paused.ledger.height)
    (submission,) = paused.state()["submissions"]
    assert submission == {
        "role": "inferer",
        "topic": 69,
        "nonce": nonce,
        "address": client.address,
        "values": [{"label": "y", "value": "65000.25"}],
        "forecasts": {},
        "losses": {},
        "is_admitted": True,
        "tx_signature_valid": True,
        "bundle_signature_valid": True,
        "height": paused.ledger.height,
        "sequence": 1,
    }
    assert paused.state()["registered"] == {"69": [client.address]}
    assert paused.state()["rejected"] == []


async def test_a_transaction_is_found_only_when_it_is_in_a_block(
    paused: FakeChain, client: Client
) -> None:
    message = v10.RegisterRequest(sender=client.address, owner=client.address, topic_id=69)
    before = await account_state(client)
    broadcast = await client.broadcast(message)
    with pytest.raises(GRPCError) as caught:
        await client.result(broadcast.txhash)
    assert caught.value.status is Status.NOT_FOUND
    assert caught.value.message == f"tx not found: {broadcast.txhash}"
    assert await account_state(client) == before
    paused.make_block()
    assert (await client.result(broadcast.txhash)).code == 0
    assert await account_state(client) == (before[0] - FEE, before[1] + 1)


@pytest.mark.parametrize("sequence", [0, 2])
async def test_the_sequence_must_be_the_next_one(
    paused: FakeChain, client: Client, sequence: int
) -> None:
    await client.register()
    response = await client.broadcast(client.inference(1000), sequence=sequence)
    assert (response.code, response.codespace) == (32, "sdk")
    assert response.raw_log.startswith(f"account sequence mismatch, expected 1, got {sequence}")
    (rejected,) = paused.state()["rejected"]
    assert (rejected["reason"], rejected["stage"]) == (response.raw_log, "CheckTx")


async def test_transactions_of_one_block_have_sequences_in_a_row(
    paused: FakeChain, client: Client
) -> None:
    await client.register()
    await client.register(reputer=True)
    nonce = paused.open_window(69)
    first = await client.broadcast(client.inference(nonce), sequence=2)
    repeated = await client.broadcast(client.inference(nonce), sequence=2, fee=FEE + 1)
    second = await client.broadcast(client.loss(nonce), sequence=3)
    assert (first.code, repeated.code, second.code) == (0, 32, 0)


async def test_the_same_transaction_does_not_wait_twice(client: Client) -> None:
    message = v10.RegisterRequest(sender=client.address, owner=client.address, topic_id=69)
    assert (await client.broadcast(message)).code == 0
    assert (await client.broadcast(message)).code == 19


async def test_the_signature_must_be_the_senders(client: Client) -> None:
    response = await client.broadcast(client.inference(1000), signed_by=PrivateKey())
    assert (response.code, response.codespace) == (4, "sdk")
    assert "signature verification failed" in response.raw_log


async def test_the_signature_covers_the_networks_name(client: Client) -> None:
    response = await client.broadcast(client.inference(1000), chain_id="allora-testnet-1")
    assert response.code == 4
    assert "chain-id (localnet)" in response.raw_log


async def test_nobody_sends_in_anothers_name(paused: FakeChain, client: Client) -> None:
    async with Client(paused) as other:
        response = await client.broadcast(other.inference(1000))
    assert (response.code, response.codespace) == (8, "sdk")


async def test_the_fee_must_pay_for_the_gas(client: Client) -> None:
    response = await client.broadcast(client.inference(1000), fee=99_999)
    assert (response.code, response.codespace) == (13, "sdk")
    assert response.raw_log.startswith("insufficient fees; got: 99999uallo required: 100000uallo")


async def test_the_account_must_have_the_fee(paused: FakeChain, client: Client) -> None:
    await paused.behave(balance=str(FEE - 1))
    response = await client.broadcast(client.inference(1000))
    assert (response.code, response.codespace) == (5, "sdk")
    assert "insufficient funds" in response.raw_log


async def test_an_account_without_money_ever_does_not_exist(
    paused: FakeChain, client: Client
) -> None:
    await paused.behave(balance="0")
    with pytest.raises(GRPCError) as caught:
        await account_state(client)
    assert caught.value.status is Status.NOT_FOUND
    await paused.behave(balance="5")
    assert await account_state(client) == (5, 0)
    await paused.behave(balance="0")
    assert await account_state(client) == (0, 0)


@pytest.mark.parametrize("tx_bytes", [b"", b"\xff\xff", b"\x0a\x02\x08\x01"])
async def test_garbage_is_refused(client: Client, tx_bytes: bytes) -> None:
    response = await client.broadcast_bytes(tx_bytes)
    assert (response.code, response.codespace) == (2, "sdk")
    assert "tx parse error" in response.raw_log


async def test_unknown_messages_are_refused(client: Client) -> None:
    response = await client.broadcast(v10.FundTopicRequest(sender=client.address))
    assert response.code == 2
    assert "unable to resolve type URL /emissions.v10.FundTopicRequest" in response.raw_log


async def test_submitting_needs_a_registration(paused: FakeChain, client: Client) -> None:
    nonce = paused.open_window(69)
    before = await account_state(client)
    result = await client.deliver(client.inference(nonce))
    assert (result.code, result.codespace) == (13, "emissions")
    # It fails in a block, and so costs what it would have cost anyway.
    assert await account_state(client) == (before[0] - FEE, before[1] + 1)
    assert paused.state()["submissions"] == []


async def test_a_worker_is_no_reputer(paused: FakeChain, client: Client) -> None:
    await client.register()
    nonce = paused.open_window(69, "reputer")
    assert (await client.deliver(client.loss(nonce))).code == 13


async def test_only_existing_topics_can_be_joined(client: Client) -> None:
    message = v10.RegisterRequest(sender=client.address, owner=client.address, topic_id=70)
    assert (await client.deliver(message)).code == 6


async def test_no_submission_before_a_window_opens(paused: FakeChain, client: Client) -> None:
    await client.register()
    result = await client.deliver(client.inference(paused.ledger.height))
    assert (result.code, result.raw_log) == (75, f"{FAILED}unfulfilled nonce not found")


async def test_a_window_takes_submissions_up_to_its_last_block(
    paused: FakeChain, client: Client
) -> None:
    await client.register()
    nonce = paused.open_window(69)
    for _ in range(2):
        paused.make_block()
    assert (await client.deliver(client.inference(nonce))).height == nonce + 3
    assert (await client.result((await late(client, nonce)).txhash)).code == 75
    assert len(paused.state()["submissions"]) == 1


async def late(client: Client, nonce: int) -> TxResponse:
    async with Client(client.chain) as other:
        await other.register()
        return await other.deliver(other.inference(nonce))


async def test_a_window_that_was_closed_takes_nothing(paused: FakeChain, client: Client) -> None:
    await client.register()
    nonce = paused.open_window(69)
    assert paused.close_windows(69) == [nonce]
    result = await client.deliver(client.inference(nonce))
    assert (result.code, result.raw_log) == (75, f"{FAILED}unfulfilled nonce not found")


async def test_a_second_submission_fails_in_its_block(paused: FakeChain, client: Client) -> None:
    await client.register()
    nonce = paused.open_window(69)
    assert (await client.deliver(client.inference(nonce, "1"))).code == 0
    result = await client.deliver(client.inference(nonce, "2"))
    assert (result.code, result.codespace) == (1, "undefined")
    assert result.raw_log == f"{FAILED}inference already submitted"
    (submission,) = paused.state()["submissions"]
    assert submission["values"] == [{"label": "y", "value": "1"}]


async def test_inferring_and_forecasting_in_one_message(paused: FakeChain, client: Client) -> None:
    await client.register()
    nonce = paused.open_window(69)
    bundle = client.inference(nonce).worker_data_bundle.inference_forecasts_bundle
    bundle.forecast = v10.InputForecast(
        topic_id=69,
        block_height=nonce,
        forecaster=client.address,
        forecast_elements=[v10.InputForecastElement(inferer="allo1other", value="0.5")],
    )
    assert (await client.deliver(client.worker_payload(bundle, nonce))).code == 0
    assert [each["role"] for each in paused.state()["submissions"]] == ["inferer", "forecaster"]
    assert paused.state()["submissions"][1]["forecasts"] == {"allo1other": "0.5"}


async def test_the_data_must_be_signed_too(paused: FakeChain, client: Client) -> None:
    await client.register()
    await client.register(reputer=True)
    paused.open_window(69)
    nonce = paused.open_window(69)
    inference = client.inference(nonce, signed_by=PrivateKey())
    assert (await client.deliver(inference)).code == 47
    paused.close_windows(69)
    nonce = paused.open_window(69, "reputer")
    loss = client.loss(nonce, signed_by=PrivateKey())
    assert (await client.deliver(loss)).code == 47
    assert paused.state()["submissions"] == []


async def test_the_data_must_be_signed_with_the_workers_key(
    paused: FakeChain, client: Client
) -> None:
    await client.register()
    key = PrivateKey()
    message = client.inference(paused.open_window(69), signed_by=key)
    message.worker_data_bundle.pubkey = key.public_key.public_key_hex
    assert (await client.deliver(message)).code == 47


@pytest.mark.parametrize("value", ["NaN", "Infinity", "", "1,5", "<html>", "2e40", "-5e-41"])
async def test_values_must_be_finite_numbers(paused: FakeChain, client: Client, value: str) -> None:
    await client.register()
    result = await client.deliver(client.inference(paused.open_window(69), value))
    assert (result.code, result.raw_log) == (52, f"{FAILED}{value!r}: invalid value")


async def test_a_submission_must_contain_something(paused: FakeChain, client: Client) -> None:
    await client.register()
    nonce = paused.open_window(69)
    empty = client.worker_payload(v10.InputInferenceForecastBundle(), nonce)
    assert (await client.deliver(empty)).code == 52


async def test_content_and_cover_must_be_about_the_same(paused: FakeChain, client: Client) -> None:
    await client.register()
    nonce = paused.open_window(69)
    bundle = client.inference(nonce - 1).worker_data_bundle.inference_forecasts_bundle
    result = await client.deliver(client.worker_payload(bundle, nonce))
    assert result.code == 52
    assert str(nonce - 1) in result.raw_log


async def test_reputers_wait_for_the_workers(paused: FakeChain, client: Client) -> None:
    await client.register(reputer=True)
    nonce = paused.open_window(69)
    assert (await client.deliver(client.loss(nonce))).code == 45
    paused.close_windows(69)
    early = await client.deliver(client.loss(nonce))
    assert (early.code, early.codespace) == (68, "emissions")
    assert early.raw_log.startswith(f"{FAILED}Reputer window not open for topic: 69, current block")
    assert paused.open_window(69, "reputer") == nonce
    assert (await client.deliver(client.loss(nonce))).code == 0
    again = await client.deliver(client.loss(nonce))
    assert (again.code, again.raw_log) == (1, f"{FAILED}reputer loss already submitted")
    paused.close_windows(69)
    late = await client.deliver(client.loss(nonce))
    assert (late.code, late.raw_log) == (75, f"{FAILED}reputer nonce: unfulfilled nonce not found")


@pytest.mark.parametrize("amount", ["", "-5", "much"])
async def test_a_stake_is_an_amount(client: Client, amount: str) -> None:
    message = v10.AddStakeRequest(sender=client.address, topic_id=69, amount=amount)
    assert (await client.deliver(message)).code == 52


async def test_nobody_stakes_more_than_they_have(paused: FakeChain, client: Client) -> None:
    message = v10.AddStakeRequest(sender=client.address, topic_id=69, amount=str(10**21))
    assert (await client.deliver(message)).code == 5
    assert paused.state()["balance"] == str(10**21 - FEE)
