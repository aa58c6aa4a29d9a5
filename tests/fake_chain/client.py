"""A client that can do things right or wrong, which allora_sdk's worker cannot."""

from __future__ import annotations

import hashlib
from typing import Any, Self

from allora_sdk import AlloraNetworkConfig, AlloraWalletConfig
from allora_sdk.rpc_client.client import AlloraRPCClient
from allora_sdk.rpc_client.protos.cosmos.base.abci.v1beta1 import TxResponse
from allora_sdk.rpc_client.protos.cosmos.tx.v1beta1 import (
    BroadcastMode,
    BroadcastTxRequest,
    GetTxRequest,
)
from allora_sdk.rpc_client.protos.emissions import v3, v9, v10
from cosmpy.aerial.wallet import LocalWallet
from cosmpy.crypto.keypairs import PrivateKey
from cosmpy.protos.cosmos.base.v1beta1.coin_pb2 import Coin
from cosmpy.protos.cosmos.crypto.secp256k1.keys_pb2 import PubKey
from cosmpy.protos.cosmos.tx.signing.v1beta1.signing_pb2 import SIGN_MODE_DIRECT
from cosmpy.protos.cosmos.tx.v1beta1.tx_pb2 import (
    AuthInfo,
    Fee,
    ModeInfo,
    SignDoc,
    SignerInfo,
    TxBody,
    TxRaw,
)
from google.protobuf.any_pb2 import Any as AnyMessage

from devtools.fake_chain import FakeChain

FEE = 300_000


def network(chain: FakeChain) -> AlloraNetworkConfig:
    return AlloraNetworkConfig(
        chain_id="localnet",
        url=chain.grpc_url,
        websocket_url=chain.websocket_url,
        fee_minimum_gas_price=1.0,
    )


class Client:
    """One wallet, whose transactions go out as they are put together."""

    def __init__(self, chain: FakeChain) -> None:
        self.chain = chain
        self.key = PrivateKey()
        self.address = str(LocalWallet(self.key, prefix="allo").address())
        self.rpc = AlloraRPCClient(
            wallet=AlloraWalletConfig(private_key=self.key.private_key_hex), network=network(chain)
        )
        self.emissions = self.rpc.emissions.query

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.rpc.close()

    async def broadcast(
        self,
        message: Any,
        *,
        sequence: int | None = None,
        fee: int = FEE,
        chain_id: str = "localnet",
        signed_by: PrivateKey | None = None,
    ) -> TxResponse:
        account = self.chain.ledger.accounts[self.address]
        body = TxBody(
            messages=[
                AnyMessage(
                    type_url=f"/emissions.v10.{type(message).__name__}", value=bytes(message)
                )
            ]
        ).SerializeToString()
        auth = self._auth_info(account.sequence if sequence is None else sequence, fee)
        document = SignDoc(
            body_bytes=body,
            auth_info_bytes=auth,
            chain_id=chain_id,
            account_number=account.number,
        ).SerializeToString()
        signature = (signed_by or self.key).sign_digest(hashlib.sha256(document).digest())
        raw = TxRaw(body_bytes=body, auth_info_bytes=auth, signatures=[signature])
        return await self.broadcast_bytes(raw.SerializeToString())

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
        message = v10.RegisterRequest(
            sender=self.address, owner=self.address, topic_id=topic, is_reputer=reputer
        )
        assert (await self.deliver(message)).code == 0

    def inference(
        self, nonce: int, value: str = "1.5", topic: int = 69, signed_by: PrivateKey | None = None
    ) -> v10.InsertWorkerPayloadRequest:
        bundle = v10.InputInferenceForecastBundle(
            inference=v10.InputInference(
                topic_id=topic,
                block_height=nonce,
                inferer=self.address,
                values=[v10.InputLabeledValue(label="y", value=value)],
            )
        )
        return self.worker_payload(bundle, nonce, topic, signed_by)

    def worker_payload(
        self,
        bundle: v10.InputInferenceForecastBundle,
        nonce: int,
        topic: int = 69,
        signed_by: PrivateKey | None = None,
    ) -> v10.InsertWorkerPayloadRequest:
        return v10.InsertWorkerPayloadRequest(
            sender=self.address,
            worker_data_bundle=v10.InputWorkerDataBundle(
                worker=self.address,
                nonce=v3.Nonce(block_height=nonce),
                topic_id=topic,
                inference_forecasts_bundle=bundle,
                inferences_forecasts_bundle_signature=self._sign(bytes(bundle), signed_by),
                pubkey=self.key.public_key.public_key_hex,
            ),
        )

    def loss(
        self, nonce: int, combined: str = "0.1", signed_by: PrivateKey | None = None
    ) -> v10.InsertReputerPayloadRequest:
        bundle = v9.InputValueBundle(
            topic_id=69,
            reputer=self.address,
            reputer_request_nonce=v3.ReputerRequestNonce(
                reputer_nonce=v3.Nonce(block_height=nonce)
            ),
            combined_value=combined,
            naive_value="0.2",
        )
        return v10.InsertReputerPayloadRequest(
            sender=self.address,
            reputer_value_bundle=v9.InputReputerValueBundle(
                value_bundle=bundle,
                signature=self._sign(bytes(bundle), signed_by),
                pubkey=self.key.public_key.public_key_hex,
            ),
        )

    def _sign(self, data: bytes, signed_by: PrivateKey | None) -> bytes:
        return (signed_by or self.key).sign_digest(hashlib.sha256(data).digest())

    def _auth_info(self, sequence: int, fee: int) -> bytes:
        key = AnyMessage()
        key.Pack(PubKey(key=self.key.public_key.public_key_bytes), type_url_prefix="/")
        return AuthInfo(
            signer_infos=[
                SignerInfo(
                    public_key=key,
                    mode_info=ModeInfo(single=ModeInfo.Single(mode=SIGN_MODE_DIRECT)),
                    sequence=sequence,
                )
            ],
            fee=Fee(amount=[Coin(denom="uallo", amount=str(fee))], gas_limit=100_000),
        ).SerializeToString()
