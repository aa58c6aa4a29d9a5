"""Checks around the SDK's transaction service."""

from __future__ import annotations

import hashlib
import time
from typing import Any, Final

from allora_sdk.rpc_client import tx_manager
from allora_sdk.rpc_client.tx_manager import (
    AccountSequenceMismatchError,
    InsufficientFeesError,
    OutOfGasError,
    TxError,
)
from cosmpy.aerial.tx import SigningCfg, Transaction, TxFee
from cosmpy.protos.cosmos.tx.v1beta1.tx_pb2 import AuthInfo, TxRaw

from .sending import current_sending

# Numbers in the code space `sdk`:
# https://github.com/cosmos/cosmos-sdk/blob/main/types/errors/errors.go
_ALREADY_IN_MEMPOOL: Final = 19
_WRONG_SEQUENCE: Final = 32
_ERRORS: Final = {
    11: OutOfGasError,
    13: InsufficientFeesError,
    _WRONG_SEQUENCE: AccountSequenceMismatchError,
}


class WindowOverError(Exception):
    """The window ended before the transaction was sent."""


class NotTakenError(TxError):  # type: ignore[misc]
    """A node refused a transaction at once, which costs nothing."""


class UnconfirmedError(Exception):
    """A transaction that was sent before may be in a block already, so no second one is sent."""


class CheckedTransactions:
    """Replaces the SDK's stub of the transaction service.

    The SDK ignores a node's answer to a broadcast, waits 90 seconds for a transaction that the node
    has refused, and sends again in the background, however late it is.
    """

    def __init__(self, stub: Any) -> None:  # noqa: ANN401 - the SDK has no types for it
        self._stub = stub
        self.simulate = stub.simulate

    async def broadcast_tx(self, request: Any) -> Any:  # noqa: ANN401
        """Call the stub, and raise when a limit of `sending` forbids it or the node refuses.

        Raises:
            WindowOverError: It is too late.
            UnconfirmedError: It could be the second one for the same submission.
            AccountSequenceMismatchError: The SDK tries again with the account's sequence, if
                `sending` allows it.
            InsufficientFeesError: The SDK tries again with a new price.
            OutOfGasError: The SDK tries again with more gas.
            NotTakenError: The node refuses for another reason.
        """
        limits = current_sending()
        if time.monotonic() > limits.until:
            raise WindowOverError
        sequence = _sequence(request.tx_bytes)
        if limits.sent.excludes(sequence):
            raise UnconfirmedError("a transaction sent before is not confirmed yet")
        tx_hash = hashlib.sha256(request.tx_bytes).hexdigest().upper()
        is_new = limits.sent.add(tx_hash, sequence)
        answer = await self._stub.broadcast_tx(request)
        try:
            _raise_for(answer.tx_response, again=limits.again)
        except Exception:
            if is_new:
                limits.sent.refused(tx_hash)
            raise
        return answer

    async def get_tx(self, request: Any) -> Any:  # noqa: ANN401
        """Call the stub, and note when the transaction is in a block."""
        answer = await self._stub.get_tx(request)
        if answer.tx_response is not None:
            current_sending().sent.settle(request.hash.upper())
        return answer


class _TimedTransaction(Transaction):  # type: ignore[misc]
    """A transaction that is valid up to a block, which the SDK has no parameter for."""

    def seal(
        self,
        signing_cfgs: SigningCfg | list[SigningCfg],
        fee: TxFee,
        memo: str | None = None,
        timeout_height: int | None = None,
    ) -> Transaction:
        last_block = timeout_height or current_sending().last_block
        return super().seal(signing_cfgs, fee, memo, last_block)


def set_timeout_heights() -> None:
    """Make the SDK's transactions invalid after the last block of `sending`, at no cost."""
    tx_manager.Transaction = _TimedTransaction


def _sequence(tx_bytes: bytes) -> int:
    auth = AuthInfo.FromString(TxRaw.FromString(tx_bytes).auth_info_bytes)
    return int(auth.signer_infos[0].sequence)


def _raise_for(response: Any, *, again: bool) -> None:  # noqa: ANN401
    code = response.code if response.codespace in {"", "sdk"} else None
    if response.code == 0 or code == _ALREADY_IN_MEMPOOL:
        return
    if code in _ERRORS and (again or code != _WRONG_SEQUENCE):
        raise _ERRORS[code](response.raw_log)
    raise NotTakenError(
        codespace=response.codespace,
        code=response.code,
        message=response.raw_log,
        tx_hash=response.txhash,
    )
