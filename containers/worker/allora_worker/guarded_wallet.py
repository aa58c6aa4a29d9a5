"""A wallet that looks at what it signs, whoever asks for the signature."""

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

# All that the worker sends, in whatever version of the chain's messages.
_MESSAGES: Final = re.compile(
    r"/emissions\.v[0-9]+\.(Register|InsertWorkerPayload|InsertReputerPayload)Request"
)
_NUMBER: Final = re.compile(r"[0-9]{1,60}")


class GuardedWallet(Wallet):  # type: ignore[misc]
    """Signs the worker's own transactions alone, and none whose fee is above the limits.

    Args:
        wallet: Has the key.
        fees: Knows the limits.
        denom: The coin that fees are paid in.
    """

    def __init__(self, wallet: Wallet, fees: Fees, denom: str) -> None:
        self._wallet = wallet
        self._signer = _GuardedSigner(wallet.signer(), fees, denom)

    def address(self) -> Address:
        """Whose transactions it signs."""
        return self._wallet.address()

    def public_key(self) -> PublicKey:
        """Of the key that it signs with."""
        return self._wallet.public_key()

    def signer(self) -> Signer:
        """What signs."""
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
        """Signs a transaction, given as its SignDoc.

        Raises:
            NotSignedError: It is none that the worker sends, or its fee is above a limit.
        """
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
        """Signs the digest of a submission's data, which the SDK puts into a transaction.

        Such data begin with a number or a message of other fields than a SignDoc's, and name no
        chain: their signature is worth nothing as that of a transaction.
        """
        signature: bytes = self._signer.sign_digest(digest, deterministic, canonicalise)
        return signature


def _read(sign_doc: bytes, denom: str) -> tuple[int, int, int]:
    """The account, the sequence and the fee in uallo of a transaction.

    Raises:
        DecodeError: It is no transaction.
        ValueError: It is none that the worker sends.
    """
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
