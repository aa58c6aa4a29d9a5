"""Moves coins between accounts, as the bank module does."""

from __future__ import annotations

from .accounts import Accounts
from .bank_send import DENOM, Send
from .rejection import INSUFFICIENT_FUNDS, Rejection


def move(send: Send, accounts: Accounts) -> list[str]:
    """Move a transfer's coins.

    Returns:
        What was done, in a line for people.

    Raises:
        Rejection: The sender has too little.
    """
    sender = accounts[send.sender]
    if sender.balance < send.amount:
        raise Rejection(
            INSUFFICIENT_FUNDS,
            f"spendable balance {sender.balance}{DENOM} is smaller than {send.amount}{DENOM}: "
            "insufficient funds",
            "sdk",
        )
    sender.balance -= send.amount
    accounts[send.recipient].balance += send.amount
    return [f"sent         {send.amount} {DENOM} of {send.sender} to {send.recipient}"]
