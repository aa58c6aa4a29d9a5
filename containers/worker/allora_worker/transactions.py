"""The part of the SDK that sends transactions, with the checks that it leaves out."""

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
_OUT_OF_GAS: Final = 11
_INSUFFICIENT_FEE: Final = 13
_ALREADY_IN_MEMPOOL: Final = 19
_WRONG_SEQUENCE: Final = 32


class WindowOverError(Exception):
    """The window ended before the transaction was sent."""


class NotTakenError(TxError):  # type: ignore[misc]
    """A node refuses a transaction when it is sent to it, so that it costs nothing."""


class CheckedTransactions:
    """Stands in for the SDK's stub of the transaction service.

    The SDK ignores what a node answers to a broadcast, and then waits 90 seconds for a transaction
    that the node has refused; and it sends again in the background, however late it is.

    Args:
        stub: The SDK's own stub.
    """

    def __init__(self, stub: Any) -> None:  # noqa: ANN401 - the SDK has no types for it
        self._stub = stub
        self._send_until: float | None = None

    def send_until(self, moment: float | None) -> None:
        """Sends nothing after a moment of `time.monotonic()`; None removes the limit."""
        self._send_until = moment

    async def simulate(self, request: Any) -> Any:  # noqa: ANN401
        """As the stub."""
        return await self._stub.simulate(request)

    async def get_tx(self, request: Any) -> Any:  # noqa: ANN401
        """As the stub."""
        return await self._stub.get_tx(request)

    async def broadcast_tx(self, request: Any) -> Any:  # noqa: ANN401
        """As the stub, but raises when it is too late, or when the node refuses.

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
    if code == _WRONG_SEQUENCE:
        raise AccountSequenceMismatchError(response.raw_log)
    if code == _INSUFFICIENT_FEE:
        raise InsufficientFeesError(response.raw_log)
    if code == _OUT_OF_GAS:
        raise OutOfGasError(response.raw_log)
    raise NotTakenError(
        codespace=response.codespace,
        code=response.code,
        message=response.raw_log,
        tx_hash=response.txhash,
    )
