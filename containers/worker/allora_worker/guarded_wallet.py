"""A wallet that checks every transaction before it signs."""

from __future__ import annotations

import re
from typing import Final

from cosmpy.aerial.wallet import Wallet
from cosmpy.crypto.address import Address
from cosmpy.crypto.interface import Signer
from cosmpy.crypto.keypairs import PublicKey
from cosmpy.protos.cosmos.tx.v1beta1.tx_pb2 import AuthInfo, SignDoc, TxBody
from google.protobuf.message import DecodeError

from .fees import Fees

# All messages that the worker sends, in any version.
_MESSAGES: Final = re.compile(
    r"/emissions\.v[0-9]+\.(Register|InsertWorkerPayload|InsertReputerPayload)Request"
)
_NUMBER: Final = re.compile(r"[0-9]{1,60}")


class GuardedWallet(Wallet):  # type: ignore[misc]
    """Signs only the worker's own transactions, with fees in `denom` within the limits."""

    def __init__(self, wallet: Wallet, fees: Fees, denom: str) -> None:
        self._wallet = wallet
        self._signer = _GuardedSigner(wallet.signer(), fees, denom)

    def address(self) -> Address:
        """Return the wallet's address."""
        return self._wallet.address()

    def public_key(self) -> PublicKey:
        """Return the public key."""
        return self._wallet.public_key()

    def signer(self) -> Signer:
        """Return the signer that checks."""
        return self._signer


class _GuardedSigner(Signer):  # type: ignore[misc]
    def __init__(self, signer: Signer, fees: Fees, denom: str) -> None:
        self._signer = signer
        self._fees = fees
        self._denom = denom

    def sign(
        self,
        message: bytes,
        deterministic: bool = False,  # noqa: FBT001, FBT002 - as cosmpy has it
        canonicalise: bool = True,  # noqa: FBT001, FBT002
    ) -> bytes:
        """Sign a SignDoc, or raise `NotSignedError` if its content or its fee is not allowed."""
        try:
            account, sequence, fee = _read(message, self._denom)
        except (DecodeError, ValueError) as error:
            raise self._fees.refuse(f"the worker sends no such thing: {error}") from error
        self._fees.sign(account, sequence, fee)
        signature: bytes = self._signer.sign(message, deterministic, canonicalise)
        return signature

    def sign_digest(
        self,
        digest: bytes,
        deterministic: bool = True,  # noqa: FBT001, FBT002 - as cosmpy has it
        canonicalise: bool = True,  # noqa: FBT001, FBT002
    ) -> bytes:
        """Sign the digest of a submission's data, which the SDK puts into a transaction.

        Such data cannot be read as a SignDoc: they begin with other fields, and name no chain. So
        the signature is of no use for a transaction.
        """
        signature: bytes = self._signer.sign_digest(digest, deterministic, canonicalise)
        return signature


def _read(sign_doc: bytes, denom: str) -> tuple[int, int, int]:
    """Return a transaction's account, sequence and fee in uallo, if it may be the worker's."""
    document = SignDoc.FromString(sign_doc)
    body = TxBody.FromString(document.body_bytes)
    auth = AuthInfo.FromString(document.auth_info_bytes)
    kinds = [message.type_url for message in body.messages]
    if len(kinds) != 1 or not _MESSAGES.fullmatch(kinds[0]):
        raise ValueError(f"it has the messages {kinds}")
    if len(auth.signer_infos) != 1:
        raise ValueError(f"it has {len(auth.signer_infos)} signers")
    if auth.HasField("tip"):
        raise ValueError("it gives a tip")
    coins = [(coin.denom, coin.amount) for coin in auth.fee.amount]
    if len(coins) > 1 or any(
        name != denom or not _NUMBER.fullmatch(amount) for name, amount in coins
    ):
        raise ValueError(f"its fee is {coins}")
    return document.account_number, auth.signer_infos[0].sequence, sum(int(n) for _, n in coins)
