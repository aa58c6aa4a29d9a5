"""Who has how much, and has made how many transactions."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_BALANCE = 10**21
"""What an account has before its first transaction, in uallo: 1000 ALLO."""


@dataclass
class Account:
    """What the chain knows of an address.

    Attributes:
        number: Part of what a transaction's signature covers.
        balance: In uallo.
        sequence: How many transactions it has made; the next one must say the same number.
        exists: False until it has had money: a real chain does not know it then.
    """

    number: int
    balance: int
    sequence: int = 0
    exists: bool = False


class Accounts:
    """All accounts; each is made, and given money, when it is first asked for."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._first_balance = FIRST_BALANCE

    def __getitem__(self, address: str) -> Account:
        """Return the account of an address."""
        if address not in self._accounts:
            number = len(self._accounts) + 1
            self._accounts[address] = Account(number, self._first_balance)
        account = self._accounts[address]
        account.exists = account.exists or account.balance > 0
        return account

    def __contains__(self, address: str) -> bool:
        """Return whether somebody has asked for the account of an address."""
        return address in self._accounts

    def set_balance(self, amount: int) -> None:
        """Give every account this much uallo, those to come included."""
        self._first_balance = amount
        for account in self._accounts.values():
            account.balance = amount

    def balances(self) -> dict[str, int]:
        """Return uallo by address."""
        return {address: account.balance for address, account in self._accounts.items()}

    def lowest_balance(self) -> int:
        """Return the balance of the poorest account in uallo, or what a first one would get."""
        return min(self.balances().values(), default=self._first_balance)
