"""The message of a transfer of coins, as the bank module reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from allora_sdk.rpc_client.protos.cosmos.bank.v1beta1 import MsgSend

DENOM = "uallo"


@dataclass(frozen=True)
class Send:
    """A transfer of so many uallo."""

    type_url: ClassVar = "/cosmos.bank.v1beta1.MsgSend"

    sender: str
    recipient: str
    amount: int

    @classmethod
    def FromString(cls, data: bytes) -> Self:  # noqa: N802 - as messages of protobuf have it
        """Read a message.

        Raises:
            ValueError: It is none, or not of uallo alone.
        """
        message = MsgSend.parse(data)
        (coin,) = message.amount
        if coin.denom != DENOM or not coin.amount.isdecimal() or not int(coin.amount):
            raise ValueError(f"{coin.amount}{coin.denom}: invalid coins")
        return cls(message.from_address, message.to_address, int(coin.amount))
