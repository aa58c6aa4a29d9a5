"""A participant without a connection, who signs what it does."""

from __future__ import annotations

import hashlib
from typing import Any

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

from devtools.fake_chain.ledger import Ledger

FEE = 300_000


class Participant:
    """One wallet, which can do things right or wrong."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.key = PrivateKey()
        self.address = str(LocalWallet(self.key, prefix="allo").address())

    def code(self, message: Any) -> int:
        """What becomes of a transaction in a block of its own; 0: it succeeds."""
        tx_hash, failure = self.ledger.broadcast(self.transaction(message))
        assert failure is None, failure
        self.ledger.make_block()
        failure = self.ledger.results[tx_hash].failure
        return failure.code if failure else 0

    def join(self, topic: int = 69, *, reputer: bool = False) -> None:
        """Registers."""
        assert self.code(self.registration(topic, reputer=reputer)) == 0

    def transaction(
        self,
        message: Any,
        *,
        sequence: int | None = None,
        fee: int = FEE,
        chain_id: str = "localnet",
        signed_by: PrivateKey | None = None,
    ) -> bytes:
        """A signed transaction."""
        account = self.ledger.accounts[self.address]
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
        return bytes(raw.SerializeToString())

    def registration(self, topic: int = 69, *, reputer: bool = False) -> v10.RegisterRequest:
        return v10.RegisterRequest(
            sender=self.address, owner=self.address, topic_id=topic, is_reputer=reputer
        )

    def stake(self, amount: int, topic: int = 69) -> v10.AddStakeRequest:
        return v10.AddStakeRequest(sender=self.address, topic_id=topic, amount=str(amount))

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
                inferences_forecasts_bundle_signature=self.sign(bytes(bundle), signed_by),
                pubkey=self.key.public_key.public_key_hex,
            ),
        )

    def loss(
        self,
        nonce: int,
        combined: str = "0.1",
        topic: int = 69,
        signed_by: PrivateKey | None = None,
    ) -> v10.InsertReputerPayloadRequest:
        bundle = v9.InputValueBundle(
            topic_id=topic,
            reputer=self.address,
            reputer_request_nonce=v3.ReputerRequestNonce(
                reputer_nonce=v3.Nonce(block_height=nonce)
            ),
            combined_value=combined,
            naive_value="0.2",
            inferer_values=[
                v9.InputWorkerAttributedValue(worker=each, value="0.3")
                for each in self._inferers(topic, nonce)
            ],
            one_out_inferer_values=[
                v9.InputWithheldWorkerAttributedValue(worker=each, value="0.4")
                for each in self._inferers(topic, nonce)
            ],
        )
        return v10.InsertReputerPayloadRequest(
            sender=self.address,
            reputer_value_bundle=v9.InputReputerValueBundle(
                value_bundle=bundle,
                signature=self.sign(bytes(bundle), signed_by),
                pubkey=self.key.public_key.public_key_hex,
            ),
        )

    def _inferers(self, topic: int, nonce: int) -> list[str]:
        epoch = self.ledger.competition.epoch(topic, nonce)
        return list(epoch.inferences.inferers) if epoch and epoch.inferences else []

    def sign(self, data: bytes, signed_by: PrivateKey | None = None) -> bytes:
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
