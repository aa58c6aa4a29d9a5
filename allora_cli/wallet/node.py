"""What a transfer needs of the chain, from its REST API.

https://docs.cosmos.network/api, and for the price of gas https://github.com/skip-mev/feemarket.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from allora_cli import chain
from allora_cli.chain import ChainError
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.wallet.transaction import DENOM, Account, SignedTransaction
from shared.networks import NETWORKS, AlloraNetwork

if TYPE_CHECKING:
    from settings import Settings

_MOST_GAS_PRICE: Final = 10**18
"""In uallo. A unit of gas for more than an ALLO is no price."""


@dataclass(frozen=True)
class Verdict:
    """What the chain says of a transaction.

    Attributes:
        height: of the block that it is in; 0 when it was only taken on, or refused.
        code: 0 is success; other numbers are errors of the code space.
        text: the error in the chain's words.
    """

    height: int
    code: int
    codespace: str
    text: str


@contextmanager
def answers_of(settings: Settings) -> Iterator[Node]:
    """Give the settings' API, if it belongs to their network.

    Raises:
        OperatorError: it does not, or there is no usable answer in the context.
    """
    node = Node(settings.api_url, settings.allora_network)
    try:
        chain_id = node.chain_id()
        if chain_id != node.network.chain_id:
            raise OperatorError(
                ErrorCode.CHAIN,
                f"{node.api_url} belongs to the chain {chain_id!r}, not to "
                f"{node.network.chain_id}. Nothing was changed. Correct ALLORA_NETWORK or "
                "ALLORA_API_URL.",
            )
        yield node
    except ChainError as error:
        raise OperatorError(
            ErrorCode.CHAIN,
            f"{error}. Nothing was changed. Try again, or set another ALLORA_API_URL.",
        ) from error


@dataclass(frozen=True)
class Node:
    """The REST API of a network with this name."""

    api_url: str
    name: str

    @property
    def network(self) -> AlloraNetwork:
        """Return the network's constants."""
        return NETWORKS[self.name]

    def height(self) -> int:
        """Return the newest block's height."""
        return chain.height(self.api_url)

    def balance(self, address: str) -> int:
        """Return an account's balance in uallo."""
        return chain.balance(self.api_url, address)

    def chain_id(self) -> str:
        """Return the id of the chain that the API belongs to."""
        answer = chain.ask(self.api_url, "cosmos/base/tendermint/v1beta1/node_info")
        with self._expecting("a chain's id"):
            return str(answer["default_node_info"]["network"])

    def account(self, address: str) -> Account:
        """Return an account; one that never had coins is not found."""
        answer = chain.ask(self.api_url, f"cosmos/auth/v1beta1/account_info/{quote(address)}")
        with self._expecting("an account"):
            info = answer["info"]
            return Account(chain.natural(info["account_number"]), chain.natural(info["sequence"]))

    def gas_price(self) -> Decimal:
        """Return the least that a unit of gas costs now, in uallo.

        The network's lowest one where the API does not know the price, as the worker does.
        """
        try:
            answer = chain.ask(self.api_url, f"feemarket/v1/gas_price/{DENOM}")
        except chain.OtherVersionError:
            return Decimal(self.network.lowest_gas_price)
        with self._expecting("a price"):
            price = Decimal(answer["price"]["amount"])
            if not 0 <= price <= _MOST_GAS_PRICE:
                raise ValueError
            return price

    def broadcast(self, transaction: SignedTransaction) -> Verdict:
        """Hand a transaction over, and return whether it waits for a block."""
        content = base64.b64encode(transaction.content).decode()
        body = {"tx_bytes": content, "mode": "BROADCAST_MODE_SYNC"}
        return self._verdict(chain.ask(self.api_url, "cosmos/tx/v1beta1/txs", body))

    def find(self, transaction: SignedTransaction) -> Verdict | None:
        """Return what became of a transaction; None when it is in no block."""
        try:
            answer = chain.ask(self.api_url, f"cosmos/tx/v1beta1/txs/{transaction.hash}")
        except chain.NotFoundError:
            return None
        return self._verdict(answer)

    def _verdict(self, answer: dict[str, object]) -> Verdict:
        with self._expecting("a transaction"):
            match answer["tx_response"]:
                case {"height": height, "code": code, "codespace": space, "raw_log": text}:
                    return Verdict(int(height), int(code), str(space), str(text))
            raise ValueError

    @contextmanager
    def _expecting(self, what: str) -> Iterator[None]:
        try:
            yield
        except (InvalidOperation, KeyError, TypeError, ValueError) as error:
            raise ChainError(f"{self.api_url} does not answer with {what}") from error
