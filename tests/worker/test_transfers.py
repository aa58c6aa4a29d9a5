"""Transfers from the wallet of a worker that runs: neither loses anything to the other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from cosmpy.aerial.wallet import LocalWallet
from ecdsa import SECP256k1, SigningKey

from allora_cli.wallet.node import Node
from allora_cli.wallet.sending import Patience, State, send
from allora_cli.wallet.transaction import Transfer
from devtools.fake_chain import FakeChain
from devtools.fake_chain.accounts import FIRST_BALANCE
from devtools.fake_chain.rejection import WRONG_SEQUENCE
from shared.networks import NETWORKS, TESTNET
from tests.worker.running import ADDRESS, WORDS, Worker
from tests.worker.waiting import until

RECIPIENT = "allo1jhg0e7s6gn44tfc5k37kr04sznyhedtctsc88d"
AMOUNT = 10**18
ROUNDS = 5


def has_submitted(worker: Worker, times: int) -> bool:
    return bool(worker.topic().submissions == times)


@pytest.mark.asyncio
async def test_each_window_and_each_transfer_counts_once(
    chain: FakeChain,
    start: Callable[..., Awaitable[Worker]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(NETWORKS, "local", replace(TESTNET, chain_id="localnet"))
    signer: Any = LocalWallet.from_mnemonic(WORDS, "allo").signer()
    key = SigningKey.from_string(signer.private_key_bytes, SECP256k1)
    transfer = Transfer(ADDRESS, RECIPIENT, AMOUNT, fee=11_250_000, gas=250_000)
    patience = Patience(blocks=100_000, pause=0.05, signatures=100)
    worker = await start(chain)
    for number in range(1, ROUNDS + 1):
        sending = asyncio.create_task(
            asyncio.to_thread(send, Node(chain.rest_url, "local"), transfer, key, patience)
        )
        nonce = chain.open_window(69)
        assert (await sending).state is State.SENT
        await until(partial(has_submitted, worker, number))
        newest: Any = chain.ledger.topics.submissions[-1]
        assert newest.payload.nonce == nonce
        chain.close_windows(69)
    assert chain.ledger.accounts[RECIPIENT].balance == FIRST_BALANCE + ROUNDS * AMOUNT
    rejected: Any = chain.state()["rejected"]
    assert {(each["stage"], each["code"]) for each in rejected} <= {("CheckTx", WRONG_SEQUENCE)}
