"""A transfer of ALLO as the bytes of a signed transaction.

Messages and fields: bank/v1beta1/tx.proto and tx/v1beta1/tx.proto in
https://github.com/cosmos/cosmos-sdk/tree/main/proto/cosmos. They are few, and no package with them
is small: the one that the worker has brings gRPC along. Tests compare the bytes with that one's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ecdsa import SigningKey

DENOM: Final = "uallo"

_TRANSFER: Final = "/cosmos.bank.v1beta1.MsgSend"
_PUBLIC_KEY: Final = "/cosmos.crypto.secp256k1.PubKey"
_SIGN_MODE_DIRECT: Final = 1


@dataclass(frozen=True)
class Transfer:
    """What a transaction is to do.

    Attributes:
        sender: the address of the key that signs.
        amount: in uallo, as is the fee.
        gas: the most units of gas that it may take.
        memo: a text that everyone can read; exchanges tell customers apart by it.
    """

    sender: str
    recipient: str
    amount: int
    fee: int
    gas: int
    memo: str = ""


@dataclass(frozen=True)
class Account:
    """What the chain knows of the sender.

    Attributes:
        number: the account's own.
        sequence: the number that the next transaction must have.
    """

    number: int
    sequence: int


@dataclass(frozen=True)
class SignedTransaction:
    """A transaction to broadcast.

    Attributes:
        hash: its name on the chain.
        last_block: the last block that may include it.
    """

    hash: str
    content: bytes
    last_block: int


def sign(
    transfer: Transfer, account: Account, key: SigningKey, *, chain_id: str, last_block: int
) -> SignedTransaction:
    """Sign a transfer.

    https://github.com/cosmos/cosmos-sdk/blob/main/docs/architecture/adr-020-protobuf-transaction-encoding.md
    """
    body = _body(transfer, last_block)
    auth_info = _auth_info(transfer, account.sequence, key)
    document = (
        _part(1, body)
        + _part(2, auth_info)
        + _part(3, chain_id.encode())
        + _number(4, account.number)
    )
    content = _part(1, body) + _part(2, auth_info) + _part(3, signature_of(document, key))
    return SignedTransaction(hashlib.sha256(content).hexdigest().upper(), content, last_block)


def signature_of(document: bytes, key: SigningKey) -> bytes:
    """Return the 64 bytes with which a Cosmos key signs a document, the same ones each time."""
    from ecdsa.util import sigencode_string_canonize  # noqa: PLC0415 - few commands need it

    signature: bytes = key.sign_deterministic(
        document, hashfunc=hashlib.sha256, sigencode=sigencode_string_canonize
    )
    return signature


def public_key_of(key: SigningKey) -> bytes:
    """Return the 33 bytes of a key's public half."""
    public: bytes = key.get_verifying_key().to_string("compressed")
    return public


def _body(transfer: Transfer, last_block: int) -> bytes:
    message = (
        _part(1, transfer.sender.encode())
        + _part(2, transfer.recipient.encode())
        + _part(3, _coin(transfer.amount))
    )
    return (
        _part(1, _any(_TRANSFER, message))
        + _part(2, transfer.memo.encode())
        + _number(3, last_block)
    )


def _auth_info(transfer: Transfer, sequence: int, key: SigningKey) -> bytes:
    public_key = _any(_PUBLIC_KEY, _part(1, public_key_of(key)))
    mode = _part(1, _number(1, _SIGN_MODE_DIRECT))
    signer = _part(1, public_key) + _part(2, mode) + _number(3, sequence)
    fee = _part(1, _coin(transfer.fee)) + _number(2, transfer.gas)
    return _part(1, signer) + _part(2, fee)


def _coin(uallo: int) -> bytes:
    return _part(1, DENOM.encode()) + _part(2, str(uallo).encode())


def _any(type_url: str, message: bytes) -> bytes:
    return _part(1, type_url.encode()) + _part(2, message)


def _part(field: int, content: bytes) -> bytes:
    """Encode a text, bytes or a message; nothing when it is empty.

    https://protobuf.dev/programming-guides/encoding/
    """
    return _varint(field << 3 | 2) + _varint(len(content)) + content if content else b""


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value) if value else b""


def _varint(value: int) -> bytes:
    """Encode a number from its lowest seven bits on; the eighth says that more follow."""
    groups = []
    while value >> 7:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])
