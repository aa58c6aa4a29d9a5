"""Takes a broadcast transaction apart, and checks its signatures."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from allora_sdk.rpc_client.protos.emissions import v9, v10
from cosmpy.crypto.address import Address
from cosmpy.crypto.keypairs import PublicKey
from cosmpy.protos.cosmos.crypto.secp256k1.keys_pb2 import PubKey
from cosmpy.protos.cosmos.tx.v1beta1.tx_pb2 import AuthInfo, SignDoc, TxBody, TxRaw
from ecdsa.keys import MalformedPointError
from google.protobuf.message import DecodeError

from .bank_send import Send

DENOM = "uallo"
PREFIX = "allo"

Message: TypeAlias = (
    v10.RegisterRequest
    | v10.AddStakeRequest
    | v10.InsertWorkerPayloadRequest
    | v10.InsertReputerPayloadRequest
    | Send
)
_MESSAGES: dict[str, type[Message]] = {
    f"/emissions.v10.{message.__name__}": message
    for message in (
        v10.RegisterRequest,
        v10.AddStakeRequest,
        v10.InsertWorkerPayloadRequest,
        v10.InsertReputerPayloadRequest,
    )
}
_MESSAGES[Send.type_url] = Send


class TransactionError(ValueError):
    """The bytes are no transaction that this chain understands."""


@dataclass(frozen=True)
class Transaction:
    """A transaction of one message with one signature, as workers send them.

    Attributes:
        hash: What clients ask for: upper-case SHA-256 of the bytes.
        message: What it is to do.
        signer: Address of the key that must have signed it.
        sequence: How many transactions the signer says to have made before.
        gas_limit: Units of gas that the signer pays for.
        fee: In uallo.
        raw: Its parts as they were signed.
        public_key: The signer's.
    """

    hash: str
    message: Message
    signer: str
    sequence: int
    gas_limit: int
    fee: int
    raw: TxRaw = field(repr=False)
    public_key: PublicKey = field(repr=False)

    def signature_is_valid(self, chain_id: str, account_number: int) -> bool:
        """Return whether the signer signed this for that network and account."""
        document = SignDoc(
            body_bytes=self.raw.body_bytes,
            auth_info_bytes=self.raw.auth_info_bytes,
            chain_id=chain_id,
            account_number=account_number,
        )
        digest = hashlib.sha256(document.SerializeToString()).digest()
        return _verify(self.public_key, digest, self.raw.signatures[0])


@dataclass(frozen=True)
class Losses:
    """A reputer's losses as decimal text: of the network, and of participants by address.

    Attributes:
        combined: Of the network's prediction.
        naive: Of its prediction without forecasters.
        inferers: Of each inferer's prediction.
        forecasters: Of what each forecaster's forecasts imply.
        without_inferers: Of the network's prediction without each inferer.
        without_forecasters: The same without each forecaster.
        with_forecasters: Of the prediction with one forecaster alone.
    """

    combined: str
    naive: str
    inferers: dict[str, str]
    forecasters: dict[str, str]
    without_inferers: dict[str, str] = field(default_factory=dict)
    without_forecasters: dict[str, str] = field(default_factory=dict)
    with_forecasters: dict[str, str] = field(default_factory=dict)

    def numbers(self) -> list[str]:
        """Return every loss."""
        parts = (
            *(self.inferers, self.forecasters, self.without_inferers),
            *(self.without_forecasters, self.with_forecasters),
        )
        return [self.combined, self.naive, *(loss for part in parts for loss in part.values())]


@dataclass(frozen=True)
class Payload:
    """What one participant submits in one role; one message can carry two.

    Attributes:
        role: `inferer`, `forecaster` or `reputer`.
        topic: The topic's id.
        nonce: Height of the block in which the window opened.
        address: Who submits.
        values: An inferer's predictions: label and decimal text.
        forecasts: A forecaster's predicted losses by inferer, as decimal text.
        losses: What a reputer found.
        bundle_signature_valid: Whether the participant signed the data, too.
        inconsistency: Why the parts of the data contradict each other; empty when they do not.
    """

    role: Literal["inferer", "forecaster", "reputer"]
    topic: int
    nonce: int
    address: str
    bundle_signature_valid: bool
    values: list[tuple[str, str]] = field(default_factory=list)
    forecasts: dict[str, str] = field(default_factory=dict)
    losses: Losses | None = None
    inconsistency: str = ""

    def numbers(self) -> list[str]:
        """Return every number in it."""
        losses = self.losses.numbers() if self.losses else []
        return [number for _, number in self.values] + [*self.forecasts.values(), *losses]

    def same_slot(self, other: Payload) -> bool:
        """Return whether only one of the two can count."""
        return (self.topic, self.nonce, self.address, self.role) == (
            (other.topic, other.nonce, other.address, other.role)
        )

    def __str__(self) -> str:
        if self.role == "inferer":
            content = ", ".join(f"{label}={value}" for label, value in self.values)
        elif self.losses:
            content = f"combined loss {self.losses.combined}"
        else:
            content = f"losses {', '.join(self.forecasts.values())}"
        return f"topic {self.topic} {self.role} nonce {self.nonce} {self.address}: {content}"


def decode(tx_bytes: bytes) -> Transaction:
    """Take a transaction apart.

    Raises:
        TransactionError: It is not one message of a known type with one secp256k1 key.
    """
    try:
        raw = TxRaw.FromString(tx_bytes)
        body, auth = TxBody.FromString(raw.body_bytes), AuthInfo.FromString(raw.auth_info_bytes)
        (any_message,), (signer_info,), (_,) = body.messages, auth.signer_infos, raw.signatures
        public_key = PublicKey(PubKey.FromString(signer_info.public_key.value).key)
        message = _message(any_message)
        fee = sum(int(coin.amount) for coin in auth.fee.amount if coin.denom == DENOM)
    except (DecodeError, MalformedPointError, ValueError, EOFError) as error:
        raise TransactionError(f"{error}: tx parse error") from error
    return Transaction(
        hash=hashlib.sha256(tx_bytes).hexdigest().upper(),
        message=message,
        signer=_address(public_key),
        sequence=signer_info.sequence,
        gas_limit=auth.fee.gas_limit,
        fee=fee,
        raw=raw,
        public_key=public_key,
    )


def _message(any_message: Any) -> Message:  # noqa: ANN401 - protobuf's own name for it
    message_type = _MESSAGES.get(any_message.type_url)
    if message_type is None:
        raise ValueError(f"unable to resolve type URL {any_message.type_url}")
    return message_type.FromString(any_message.value)


def payloads(message: Message) -> list[Payload]:
    """Return what a message submits; nothing when it is none of the two that submit."""
    if isinstance(message, v10.InsertWorkerPayloadRequest):
        return _of_worker(message.worker_data_bundle or v10.InputWorkerDataBundle())
    if isinstance(message, v10.InsertReputerPayloadRequest):
        return [_of_reputer(message.reputer_value_bundle or v9.InputReputerValueBundle())]
    return []


def _of_worker(data: v10.InputWorkerDataBundle) -> list[Payload]:
    bundle = data.inference_forecasts_bundle or v10.InputInferenceForecastBundle()
    nonce = data.nonce.block_height if data.nonce else 0
    signed = _bundle_signature_is_valid(
        data.pubkey, data.worker, bytes(bundle), data.inferences_forecasts_bundle_signature
    )
    stated = (data.topic_id, nonce, data.worker)
    found = []
    if inference := bundle.inference:
        inner = (inference.topic_id, inference.block_height, inference.inferer)
        found.append(
            Payload(
                "inferer",
                *stated,
                bundle_signature_valid=signed,
                values=[(value.label, value.value) for value in inference.values],
                inconsistency=_difference(stated, inner),
            )
        )
    if forecast := bundle.forecast:
        inner = (forecast.topic_id, forecast.block_height, forecast.forecaster)
        found.append(
            Payload(
                "forecaster",
                *stated,
                bundle_signature_valid=signed,
                forecasts={each.inferer: each.value for each in forecast.forecast_elements},
                inconsistency=_difference(stated, inner),
            )
        )
    return found


def _of_reputer(data: v9.InputReputerValueBundle) -> Payload:
    bundle = data.value_bundle or v9.InputValueBundle()
    request = bundle.reputer_request_nonce
    nonce = request.reputer_nonce if request else None
    return Payload(
        "reputer",
        bundle.topic_id,
        nonce.block_height if nonce else 0,
        bundle.reputer,
        bundle_signature_valid=_bundle_signature_is_valid(
            data.pubkey, bundle.reputer, bytes(bundle), data.signature
        ),
        losses=Losses(
            combined=bundle.combined_value,
            naive=bundle.naive_value,
            inferers={each.worker: each.value for each in bundle.inferer_values},
            forecasters={each.worker: each.value for each in bundle.forecaster_values},
            without_inferers={each.worker: each.value for each in bundle.one_out_inferer_values},
            without_forecasters={
                each.worker: each.value for each in bundle.one_out_forecaster_values
            },
            with_forecasters={each.worker: each.value for each in bundle.one_in_forecaster_values},
        ),
    )


def _difference(stated: tuple[int, int, str], inner: tuple[int, int, str]) -> str:
    if stated == inner:
        return ""
    return f"the bundle is for topic, nonce, address {stated}, its content for {inner}"


def _bundle_signature_is_valid(key_hex: str, address: str, data: bytes, signature: bytes) -> bool:
    try:
        key = PublicKey(bytes.fromhex(key_hex))
    except (ValueError, MalformedPointError):
        return False
    return _address(key) == address and _verify(key, hashlib.sha256(data).digest(), signature)


def _verify(key: PublicKey, digest: bytes, signature: bytes) -> bool:
    return bool(key.verify_digest(digest, signature))


def _address(key: PublicKey) -> str:
    return str(Address(key, prefix=PREFIX))
