"""A client that can do things right or wrong, which allora_sdk's worker cannot."""

from __future__ import annotations

from typing import Any, Self

from allora_sdk import AlloraNetworkConfig, AlloraWalletConfig
from allora_sdk.rpc_client.client import AlloraRPCClient
from allora_sdk.rpc_client.protos.cosmos.base.abci.v1beta1 import TxResponse
from allora_sdk.rpc_client.protos.cosmos.tx.v1beta1 import (
    BroadcastMode,
    BroadcastTxRequest,
    GetTxRequest,
)

from devtools.fake_chain import FakeChain
from tests.fake_chain.participant import FEE, Participant

__all__ = ["FEE", "Client", "network"]


def network(chain: FakeChain) -> AlloraNetworkConfig:
    return AlloraNetworkConfig(
        chain_id="localnet",
        url=chain.grpc_url,
        websocket_url=chain.websocket_url,
        fee_minimum_gas_price=1.0,
    )


class Client(Participant):
    """One wallet, whose transactions go out as they are put together."""

    def __init__(self, chain: FakeChain) -> None:
        super().__init__(chain.ledger)
        self.chain = chain
        self.rpc = AlloraRPCClient(
            wallet=AlloraWalletConfig(private_key=self.key.private_key_hex), network=network(chain)
        )
        self.emissions = self.rpc.emissions.query

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.rpc.close()

    async def broadcast(self, message: Any, **how: Any) -> TxResponse:
        return await self.broadcast_bytes(self.transaction(message, **how))

    async def broadcast_bytes(self, tx_bytes: bytes) -> TxResponse:
        response = await self.rpc.tx_manager.tx_client.broadcast_tx(
            BroadcastTxRequest(tx_bytes=tx_bytes, mode=BroadcastMode.SYNC)
        )
        return response.tx_response

    async def result(self, hash_: str) -> TxResponse:
        response = await self.rpc.tx_manager.tx_client.get_tx(GetTxRequest(hash=hash_))
        return response.tx_response

    async def deliver(self, message: Any, **how: Any) -> TxResponse:
        """What becomes of a transaction in a block of its own."""
        broadcast = await self.broadcast(message, **how)
        assert broadcast.code == 0, broadcast.raw_log
        self.chain.make_block()
        return await self.result(broadcast.txhash)

    async def register(self, topic: int = 69, *, reputer: bool = False) -> None:
        message = self.registration(topic, reputer=reputer)
        assert (await self.deliver(message)).code == 0
