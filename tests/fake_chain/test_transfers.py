"""Transfers as `allora wallet send` makes them: its own bytes, over REST, on the fake chain."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from allora_sdk.rpc_client.protos.cosmos.bank.v1beta1 import MsgSend
from allora_sdk.rpc_client.protos.cosmos.base.v1beta1 import Coin
from cosmpy.aerial.wallet import LocalWallet
from cosmpy.crypto.keypairs import PrivateKey
from cosmpy.protos.cosmos.tx.v1beta1.tx_pb2 import AuthInfo, TxBody, TxRaw
from ecdsa import SECP256k1, SigningKey

from allora_cli.chain import ChainError
from allora_cli.errors import ExitCode, OperatorError
from allora_cli.wallet.node import Node
from allora_cli.wallet.sending import Outcome, Patience, State, require_sent, send
from allora_cli.wallet.transaction import Account, Transfer, sign
from devtools.fake_chain import FakeChain, Options
from devtools.fake_chain.accounts import FIRST_BALANCE

CHAIN = "allora-testnet-1"
RECIPIENT = "allo19rl4cm2hmr8afy4kldpxz3fka4jguq0ajnh7gv"
GAS, FEE = 250_000, 11_250_000
PATIENCE = Patience(blocks=100_000, pause=0.02)

Answer = Callable[[web.Request, Callable[[], Awaitable[web.Response]]], Awaitable[web.Response]]


class Wallet:
    def __init__(self) -> None:
        private = PrivateKey()
        self.address = str(LocalWallet(private, prefix="allo").address())
        self.key = SigningKey.from_string(private.private_key_bytes, SECP256k1)

    def transfer(self, amount: int, memo: str = "") -> Transfer:
        return Transfer(self.address, RECIPIENT, amount, FEE, GAS, memo)


@pytest.fixture
def wallet() -> Wallet:
    return Wallet()


@pytest_asyncio.fixture
async def chain() -> AsyncIterator[FakeChain]:
    """Fifty blocks a second."""
    async with FakeChain(Options(chain_id=CHAIN, block_seconds=0.02)) as chain:
        yield chain


def paid(chain: FakeChain, wallet: Wallet) -> int:
    """What the wallet has less."""
    return FIRST_BALANCE - chain.ledger.accounts[wallet.address].balance


def received(chain: FakeChain) -> int:
    return chain.ledger.accounts[RECIPIENT].balance - FIRST_BALANCE


async def sent(
    url: str, transfer: Transfer, wallet: Wallet, patience: Patience = PATIENCE
) -> Outcome:
    node = Node(url, "testnet")
    return await asyncio.to_thread(send, node, transfer, wallet.key, patience)


@asynccontextmanager
async def in_front_of(chain: FakeChain, broadcast: Answer) -> AsyncIterator[str]:
    """A proxy that treats broadcasts as it likes; its URL."""

    async def handle(request: web.Request) -> web.Response:
        async def forward() -> web.Response:
            async with (
                aiohttp.ClientSession() as session,
                session.request(
                    request.method, f"{chain.rest_url}{request.path_qs}", data=await request.read()
                ) as answer,
            ):
                return web.Response(
                    status=answer.status, body=await answer.read(), content_type="application/json"
                )

        return await (broadcast(request, forward) if request.method == "POST" else forward())

    app = web.Application()
    app.add_routes([web.route("*", "/{path:.*}", handle)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def unavailable() -> web.Response:
    return web.Response(status=503, text="no healthy upstream")


@pytest.mark.parametrize("sequence", [0, 1, 127, 128, 300_000])
@pytest.mark.parametrize("memo", ["", "104 227", "ü" * 128])
def test_the_bytes_are_those_of_protobuf(wallet: Wallet, sequence: int, memo: str) -> None:
    transfer = replace(wallet.transfer(10**19 + 7), memo=memo)
    signed = sign(transfer, Account(5, sequence), wallet.key, chain_id=CHAIN, last_block=98_765_432)
    raw = TxRaw.FromString(signed.content)
    body, auth = TxBody.FromString(raw.body_bytes), AuthInfo.FromString(raw.auth_info_bytes)
    assert raw.SerializeToString(deterministic=True) == signed.content
    assert body.SerializeToString(deterministic=True) == raw.body_bytes
    assert auth.SerializeToString(deterministic=True) == raw.auth_info_bytes
    coin = Coin(denom="uallo", amount="10000000000000000007")
    message = MsgSend(from_address=wallet.address, to_address=RECIPIENT, amount=[coin])
    assert body.messages[0].value == bytes(message)
    assert (body.memo, body.timeout_height) == (memo, 98_765_432)
    assert (auth.signer_infos[0].sequence, auth.fee.gas_limit) == (sequence, GAS)


@pytest.mark.asyncio
class TestSend:
    async def test_the_recipient_has_it_and_the_sender_the_rest(
        self, chain: FakeChain, wallet: Wallet
    ) -> None:
        outcome = await sent(chain.rest_url, wallet.transfer(10**18), wallet)
        assert outcome.state is State.SENT
        result = chain.ledger.results[outcome.transaction.hash]
        assert (result.height, result.failure) == (outcome.height, None)
        assert (paid(chain, wallet), received(chain)) == (10**18 + FEE, 10**18)

    async def test_what_the_block_refuses_costs_its_fee(
        self, chain: FakeChain, wallet: Wallet
    ) -> None:
        outcome = await sent(chain.rest_url, wallet.transfer(FIRST_BALANCE), wallet)
        assert outcome.state is State.FAILED
        assert (paid(chain, wallet), received(chain)) == (FEE, 0)
        with pytest.raises(OperatorError, match="is smaller than") as told:
            require_sent(Node(chain.rest_url, "testnet"), outcome)
        assert told.value.exit_code is ExitCode.PROBLEM

    async def test_a_transaction_that_is_refused_at_once_costs_nothing(
        self, chain: FakeChain, wallet: Wallet
    ) -> None:
        transfer = replace(wallet.transfer(1), fee=1)
        outcome = await sent(chain.rest_url, transfer, wallet)
        assert outcome.state is State.REFUSED
        assert "insufficient fee" in outcome.text
        assert (paid(chain, wallet), received(chain)) == (0, 0)

    async def test_the_worker_s_transactions_come_between(
        self, chain: FakeChain, wallet: Wallet
    ) -> None:
        tried: list[int] = []

        async def overtake(
            _: web.Request, forward: Callable[[], Awaitable[web.Response]]
        ) -> web.Response:
            if len(tried) < 3:
                chain.ledger.accounts[wallet.address].sequence += 1
            tried.append(1)
            return await forward()

        async with in_front_of(chain, overtake) as url:
            outcome = await sent(url, wallet.transfer(10**18), wallet)
        assert (outcome.state, len(tried)) == (State.SENT, 4)
        assert (paid(chain, wallet), received(chain)) == (10**18 + FEE, 10**18)

    async def test_transactions_that_always_come_first(
        self, chain: FakeChain, wallet: Wallet
    ) -> None:
        await chain.behave(sequence=7)
        outcome = await sent(
            chain.rest_url, wallet.transfer(1), wallet, replace(PATIENCE, signatures=3)
        )
        assert outcome.state is State.OVERTAKEN
        assert (paid(chain, wallet), received(chain)) == (0, 0)

    @pytest.mark.parametrize("is_taken_on", [True, False])
    async def test_lost_answers_and_lost_transactions_are_no_second_payment(
        self, chain: FakeChain, wallet: Wallet, *, is_taken_on: bool
    ) -> None:
        seen: set[bytes] = set()
        tries = 0

        async def lose(
            request: web.Request, forward: Callable[[], Awaitable[web.Response]]
        ) -> web.Response:
            nonlocal tries
            tries += 1
            seen.add(await request.read())
            if is_taken_on or tries > 2:
                await forward()
            return unavailable()

        async with in_front_of(chain, lose) as url:
            outcome = await sent(url, wallet.transfer(10**18), wallet)
        assert outcome.state is State.SENT
        assert len(seen) == 1  # the same bytes, however often
        assert (paid(chain, wallet), received(chain)) == (10**18 + FEE, 10**18)

    async def test_a_transaction_that_nobody_takes_on_is_over_after_its_last_block(
        self, chain: FakeChain, wallet: Wallet
    ) -> None:
        async def lose(
            _: web.Request, _forward: Callable[[], Awaitable[web.Response]]
        ) -> web.Response:
            return unavailable()

        soon = replace(PATIENCE, blocks=5, lag=2)
        async with in_front_of(chain, lose) as url:
            outcome = await sent(url, wallet.transfer(10**18), wallet, soon)
        assert outcome.state is State.EXPIRED
        assert chain.ledger.height > outcome.transaction.last_block
        assert (paid(chain, wallet), received(chain)) == (0, 0)

    async def test_an_api_that_falls_silent_leaves_it_unknown(
        self, chain: FakeChain, wallet: Wallet
    ) -> None:
        async def shut(
            _: web.Request, forward: Callable[[], Awaitable[web.Response]]
        ) -> web.Response:
            answer = await forward()
            await chain.behave(refuse=True)
            return answer

        async with in_front_of(chain, shut) as url:
            outcome = await sent(
                url, wallet.transfer(10**18), wallet, replace(PATIENCE, seconds=0.3)
            )
        assert outcome.state is State.UNKNOWN
        with pytest.raises(OperatorError, match=outcome.transaction.hash) as told:
            require_sent(Node(url, "testnet"), outcome)
        assert told.value.exit_code is ExitCode.TIMEOUT
        assert told.value.facts["hash"] == outcome.transaction.hash
        assert told.value.facts["last_block"] == outcome.transaction.last_block

    async def test_without_an_answer_before_nothing_is_signed(
        self, chain: FakeChain, wallet: Wallet
    ) -> None:
        await chain.behave(refuse=True)
        with pytest.raises(ChainError):
            await sent(chain.rest_url, wallet.transfer(1), wallet)


@pytest.mark.asyncio
async def test_the_price_of_gas(chain: FakeChain) -> None:
    node = Node(chain.rest_url, "testnet")
    await chain.behave(gas_price=25)
    assert await asyncio.to_thread(node.gas_price) == Decimal(25)
    elsewhere = Node(f"{chain.rest_url}/unknown", "mainnet")
    assert await asyncio.to_thread(elsewhere.gas_price) == 250_000_000
    assert await asyncio.to_thread(node.chain_id) == CHAIN
