"""Checks around the SDK's transaction service."""

from __future__ import annotations

import time
from typing import Any, Final

from allora_sdk.rpc_client.tx_manager import (
    AccountSequenceMismatchError,
    InsufficientFeesError,
    OutOfGasError,
    TxError,
)

# Numbers in the code space `sdk`:
# https://github.com/cosmos/cosmos-sdk/blob/main/types/errors/errors.go
_ALREADY_IN_MEMPOOL: Final = 19
_ERRORS: Final = {
    11: OutOfGasError,
    13: InsufficientFeesError,
    32: AccountSequenceMismatchError,
}


class WindowOverError(Exception):
    """The window ended before the transaction was sent."""


class NotTakenError(TxError):  # type: ignore[misc]
    """A node refused a transaction at once, which costs nothing."""


class CheckedTransactions:
    """Replaces the SDK's stub of the transaction service.

    The SDK ignores a node's answer to a broadcast, waits 90 seconds for a transaction that the node
    has refused, and sends again in the background, however late it is.
    """

    def __init__(self, stub: Any) -> None:  # noqa: ANN401 - the SDK has no types for it
        self._stub = stub
        self.simulate = stub.simulate
        self.get_tx = stub.get_tx
        self._send_until: float | None = None

    def send_until(self, moment: float | None) -> None:
        """Send nothing after a moment of `time.monotonic()`; None removes the limit."""
        self._send_until = moment

    async def broadcast_tx(self, request: Any) -> Any:  # noqa: ANN401
        """Call the stub, and raise when it is too late or the node refuses.

        Raises:
            WindowOverError: It is too late.
            AccountSequenceMismatchError: The SDK tries again with the account's sequence.
            InsufficientFeesError: The SDK tries again with a new price.
            OutOfGasError: The SDK tries again with more gas.
            NotTakenError: The node refuses for another reason.
        """
        if self._send_until is not None and time.monotonic() > self._send_until:
            raise WindowOverError
        answer = await self._stub.broadcast_tx(request)
        _raise_for(answer.tx_response)
        return answer


def _raise_for(response: Any) -> None:  # noqa: ANN401
    code = response.code if response.codespace in {"", "sdk"} else None
    if response.code == 0 or code == _ALREADY_IN_MEMPOOL:
        return
    if code in _ERRORS:
        raise _ERRORS[code](response.raw_log)
    raise NotTakenError(
        codespace=response.codespace,
        code=response.code,
        message=response.raw_log,
        tx_hash=response.txhash,
    )
