"""What a node checks before it takes a transaction on: CheckTx, in the words of CometBFT."""

from __future__ import annotations

from cosmpy.protos.cosmos.tx.v1beta1.tx_pb2 import TxBody

from .accounts import Accounts
from .behaviour import GAS_PRICE, Behaviour
from .rejection import (
    ALREADY_IN_MEMPOOL,
    INSUFFICIENT_FEE,
    INSUFFICIENT_FUNDS,
    INVALID_PUBLIC_KEY,
    TIMEOUT_HEIGHT,
    UNAUTHORIZED,
    UNDECODABLE,
    WRONG_SEQUENCE,
    Rejection,
)
from .transactions import DENOM, Transaction


class Mempool:
    """The transactions that wait for the next block.

    Args:
        accounts: Who can pay, and whose turn it is.
    """

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._waiting: list[Transaction] = []

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    def add(self, transaction: Transaction, behaviour: Behaviour, height: int) -> None:
        """Take a transaction on, at the height of the newest block.

        Raises:
            Rejection: It breaks a rule; it leaves no trace then.
        """
        if behaviour.checktx:
            raise Rejection(
                behaviour.checktx.code, behaviour.checktx.log, behaviour.checktx.codespace
            )
        if behaviour.unimplemented:
            kind = type(transaction.message).__name__
            raise _sdk(
                UNDECODABLE, f"unable to resolve type URL /emissions.v10.{kind}: tx parse error"
            )
        if transaction.hash in (each.hash for each in self._waiting):
            raise _sdk(ALREADY_IN_MEMPOOL, "tx already in mempool")
        if _is_too_late(transaction, height):
            raise _sdk(TIMEOUT_HEIGHT, f"block height: {height}: tx timeout height")
        before = [each for each in self._waiting if each.signer == transaction.signer]
        self._check_fee(transaction, before)
        self._check_signer(transaction, before, behaviour.chain_id)
        self._waiting.append(transaction)

    def take_all(self, height: int) -> list[Transaction]:
        """Empty it, for a block at a height; what is too late for it costs nothing."""
        taken, self._waiting = self._waiting, []
        return [each for each in taken if not _is_too_late(each, height)]

    def _check_fee(self, transaction: Transaction, before: list[Transaction]) -> None:
        required = transaction.gas_limit * GAS_PRICE
        if transaction.fee < required:
            raise _sdk(
                INSUFFICIENT_FEE,
                f"insufficient fees; got: {transaction.fee}{DENOM} required: {required}{DENOM}: "
                "insufficient fee",
            )
        left = self._accounts[transaction.signer].balance - sum(each.fee for each in before)
        if left < transaction.fee:
            raise _sdk(
                INSUFFICIENT_FUNDS,
                f"spendable balance {left}{DENOM} is smaller than {transaction.fee}{DENOM}: "
                "insufficient funds",
            )

    def _check_signer(
        self, transaction: Transaction, before: list[Transaction], chain_id: str
    ) -> None:
        sender = transaction.message.sender
        if sender != transaction.signer:
            raise _sdk(
                INVALID_PUBLIC_KEY,
                f"pubKey does not match signer address {sender}: invalid pubkey",
            )
        account = self._accounts[sender]
        sequence = account.sequence + len(before)
        if transaction.sequence != sequence:
            raise _sdk(
                WRONG_SEQUENCE,
                f"account sequence mismatch, expected {sequence}, got {transaction.sequence}: "
                "incorrect account sequence",
            )
        if not transaction.signature_is_valid(chain_id, account.number):
            raise _sdk(
                UNAUTHORIZED,
                f"signature verification failed; please verify account number ({account.number}), "
                f"sequence ({sequence}) and chain-id ({chain_id}): unauthorized",
            )


def _is_too_late(transaction: Transaction, height: int) -> bool:
    """Return whether a transaction is invalid at a height, by the signer's own limit.

    https://github.com/cosmos/cosmos-sdk/blob/main/x/auth/ante/basic.go (TxTimeoutHeightDecorator)
    """
    last_block = int(TxBody.FromString(transaction.raw.body_bytes).timeout_height)
    return 0 < last_block < height


def _sdk(code: int, log: str) -> Rejection:
    return Rejection(code, log, "sdk")
