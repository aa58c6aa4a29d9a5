"""The rewards that the chain announces as it pays them.

The event is in x/emissions/proto/emissions/v10/events.proto of
https://github.com/allora-network/allora-chain. It lists all that are paid for a nonce.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Final

from .contract import Role
from .money import UALLO
from .verdict_answers import read_decimal

_ACTORS: Final[Mapping[Role, str]] = {
    Role.INFERER: "ACTOR_TYPE_INFERER_UNSPECIFIED",
    Role.FORECASTER: "ACTOR_TYPE_FORECASTER",
    Role.REPUTER: "ACTOR_TYPE_REPUTER",
}
_MAX_NONCES: Final = 1000
_DAY: Final = 24 * 3600
_ROUNDED: Final = Context(prec=6)


@dataclass(frozen=True)
class Payment:
    """What the worker was paid for a nonce in a topic; it may be nothing."""

    topic_id: int
    nonce: int
    allo: Decimal


def read_payment(attributes: Mapping[str, str], role: Role, address: str) -> Payment | None:
    """Return the payment in an event, whose attributes are JSON; None: it is for another role.

    Raises:
        ValueError, KeyError, TypeError: The event is not of the chain's form.
    """
    if json.loads(attributes["actor_type"]) != _ACTORS[role]:
        return None
    rewards = zip(
        json.loads(attributes["addresses"]), json.loads(attributes["rewards"]), strict=True
    )
    # Somebody who delegates to oneself is paid twice. The chain pays whole uallo.
    uallo = sum(int(read_decimal(reward)) for owner, reward in rewards if owner == address)
    if uallo < 0:
        raise ValueError(f"a reward of {uallo} uallo")
    return Payment(
        topic_id=int(json.loads(attributes["topic_id"])),
        nonce=int(json.loads(attributes["block_height"])),
        allo=Decimal(uallo) / UALLO,
    )


class Payments:
    """The payments that this process saw in one topic, each nonce once."""

    def __init__(self) -> None:
        self._by_nonce: dict[int, Decimal] = {}

    def add(self, payment: Payment) -> bool:
        """Record a payment; return False if its nonce is known."""
        if payment.nonce in self._by_nonce:
            return False
        self._by_nonce[payment.nonce] = payment.allo
        if len(self._by_nonce) > _MAX_NONCES:
            del self._by_nonce[next(iter(self._by_nonce))]
        return True

    def of(self, nonce: int) -> Decimal | None:
        """Return what was paid for a nonce, or None if the event was not seen."""
        return self._by_nonce.get(nonce)

    def allo_a_day(self, until: int, epoch_blocks: int, block_seconds: float) -> Decimal | None:
        """Return the rate over a day, or since the first payment in it; None without one.

        Args:
            until: The newest nonce of which it is known what it paid.
            epoch_blocks: Blocks from one nonce to the next.
            block_seconds: Seconds between blocks.
        """
        a_day = _DAY / block_seconds
        newest = max(until, *self._by_nonce, 0)
        lately = {
            nonce: allo for nonce, allo in self._by_nonce.items() if allo and newest - nonce < a_day
        }
        if not lately:
            return None
        blocks = newest - min(lately) + epoch_blocks
        return _ROUNDED.divide(sum(lately.values()) * Decimal(a_day), Decimal(blocks))
