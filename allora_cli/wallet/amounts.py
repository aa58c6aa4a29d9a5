"""Amounts of ALLO to send, exact to the uallo, and what a transaction costs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from allora_cli.errors import ErrorCode, OperatorError
from containers.worker.allora_worker.contract import InvalidValueError, amount_of_allo
from containers.worker.allora_worker.money import UALLO

TRANSFER_GAS: Final = 250_000
"""Units of gas that a transfer may take, as in the SDK (tx_manager.py, link in shared/networks.py).
It is paid for whether it is used or not."""

_SUBMISSION_GAS: Final = 300_000
_RISING_PRICE: Final = Decimal("4.5")
"""How much more than the lowest price is paid: 3 × 1.5, as by the worker
(`SUBMISSION_FEE` in shared/networks.py)."""

_WINDOWS_A_DAY: Final = 288
"""Of a topic with a window every five minutes, as most of them have at least."""


@dataclass(frozen=True)
class Fees:
    """What transactions cost at a price of gas, in uallo."""

    gas_price: Decimal

    @property
    def transfer(self) -> int:
        """What is paid for a transfer."""
        return self._of(TRANSFER_GAS)

    @property
    def submission(self) -> int:
        """What the worker pays for a submission, about."""
        return self._of(_SUBMISSION_GAS)

    def of_a_day(self, topics: int) -> int:
        """Return what the worker pays in 24 hours, if each topic has a window every 5 minutes."""
        return topics * _WINDOWS_A_DAY * self.submission

    def _of(self, gas: int) -> int:
        return int(gas * self.gas_price * _RISING_PRICE)


def read_amount(text: str) -> int:
    """Read an amount of ALLO above 0; in uallo.

    Raises:
        OperatorError: it is none.
    """
    try:
        uallo = int(amount_of_allo(text) * UALLO)
    except InvalidValueError as error:
        raise OperatorError(
            ErrorCode.AMOUNT, f"{text!r} {error.message}: {error.remedy}. Nothing was sent."
        ) from None
    if not uallo:
        raise OperatorError(
            ErrorCode.AMOUNT, f"{text!r} sends nothing: give an amount above 0, as in 0.5."
        )
    return uallo


def exact_allo(uallo: int) -> str:
    """Return all digits of an amount in ALLO, without its unit."""
    shown = f"{Decimal(uallo) / UALLO:.18f}"
    return shown.rstrip("0").rstrip(".")
