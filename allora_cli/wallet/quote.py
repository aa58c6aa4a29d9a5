"""What a transfer would do to the wallet, before anybody is asked."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.wallet.amounts import TRANSFER_GAS, Fees, exact_allo
from allora_cli.wallet.node import Node
from allora_cli.wallet.transaction import Transfer
from containers.worker.allora_worker.money import UALLO
from settings import Settings


@dataclass(frozen=True)
class Quote:
    """A transfer's amounts, in uallo.

    Attributes:
        left: what stays in the wallet.
        a_day: what the worker pays for the transactions of 24 hours.
    """

    amount: int
    fee: int
    left: int
    a_day: int

    def transfer(self, sender: str, recipient: str, memo: str) -> Transfer:
        """Return what is to be signed."""
        return Transfer(sender, recipient, self.amount, self.fee, TRANSFER_GAS, memo)


def fees_of_a_day(fees: Fees, settings: Settings) -> int:
    """Return what the worker pays in 24 hours at most, in uallo."""
    limit = int(settings.max_daily_fees * UALLO)
    return min(fees.of_a_day(len(settings.topic_ids)), limit)


def quote(node: Node, settings: Settings, address: str, amount: int | None) -> Quote:
    """Return what sending this many uallo does to the wallet; None sends all of them.

    Raises:
        OperatorError: the fee is above the limit, or the wallet would have too little.
        ChainError: there is no usable answer from the chain.
    """
    fees = Fees(node.gas_price())
    _check_fee(fees.transfer, settings.max_fee)
    balance = node.balance(address)
    a_day = fees_of_a_day(fees, settings)
    most = balance - fees.transfer
    sent = most if amount is None else amount
    left = most - sent
    if most <= 0 or left < 0:
        raise _too_little(balance, fees.transfer)
    if amount is not None and left < a_day:
        raise _too_little_for_a_day(left, a_day, most - a_day)
    return Quote(sent, fees.transfer, left, a_day)


def _check_fee(fee: int, limit: Decimal) -> None:
    if fee > limit * UALLO:
        raise OperatorError(
            ErrorCode.AMOUNT,
            f"The fee of {exact_allo(fee)} ALLO is above ALLORA_MAX_FEE ({limit:f}). Nothing was "
            "sent. Wait until gas is cheaper, or raise the limit.",
        )


def _too_little(balance: int, fee: int) -> OperatorError:
    return OperatorError(
        ErrorCode.AMOUNT,
        f"The wallet has {exact_allo(balance)} ALLO, too little for this and the fee of "
        f"{exact_allo(fee)}. Nothing was sent.",
    )


def _too_little_for_a_day(left: int, a_day: int, most: int) -> OperatorError:
    instead = f"Send at most {exact_allo(most)}, or everything" if most > 0 else "Send everything"
    return OperatorError(
        ErrorCode.AMOUNT,
        f"This would leave {exact_allo(left)} ALLO, less than the worker's fees of a day "
        f"({exact_allo(a_day)}). Nothing was sent. {instead}: --all",
    )
