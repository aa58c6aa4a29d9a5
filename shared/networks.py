"""Allora's networks (https://docs.allora.network/reference/networks)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import quote

SUBMISSION_FEE = Decimal("0.0003")
"""In ALLO, on mainnet: 300,000 gas, the SDK's estimate without simulation, × the lowest price of
250,000,000 uallo × 3 × 1.5, the SDK's factors for rising prices and its standard tier
(config.py, tx_manager.py in https://github.com/allora-network/allora-sdk-py)."""


@dataclass(frozen=True)
class AlloraNetwork:
    """An Allora network."""

    chain_id: str
    """What the signature of a transaction covers."""
    lowest_gas_price: int
    """In uallo; this and the chain's id as in the SDK (config.py, link above)."""
    api_url: str
    """REST endpoint."""
    hundred_transactions: Decimal
    """In ALLO, 100 times the balance that the SDK requires for a transaction: 300,000 gas × the
    lowest price (10 uallo on testnet, 250,000,000 on mainnet) × 2.5 for its highest fee tier."""
    accounts_url: str
    """The explorer's page of an account, without its address; this and the next one as in
    https://github.com/cosmos/chain-registry (allora, testnets/alloratestnet)."""
    transactions_url: str
    """The explorer's page of a transaction, without its hash."""
    sandbox_topic: int = 0
    """Open topic without whitelist or penalty (https://docs.allora.network/api/topics.json)."""

    def account_url(self, address: str) -> str:
        """Return the explorer's page of an account."""
        return self.accounts_url + quote(address, safe="")

    def transaction_url(self, tx_hash: str) -> str:
        """Return the explorer's page of a transaction."""
        return self.transactions_url + quote(tx_hash, safe="")


TESTNET = AlloraNetwork(
    "allora-testnet-1",
    10,
    "https://allora-api.testnet.allora.network",
    Decimal("0.00000000075"),
    "https://explorer.testnet.allora.network/allora-testnet-1/account/",
    "https://explorer.testnet.allora.network/allora-testnet-1/tx/",
    sandbox_topic=69,
)
MAINNET = AlloraNetwork(
    "allora-mainnet-1",
    250_000_000,
    "https://allora-api.mainnet.allora.network",
    Decimal("0.01875"),
    "https://explorer.allora.network/profile/",
    "https://explorer.allora.network/explorer/transactions/",
)

NETWORKS = {"testnet": TESTNET, "mainnet": MAINNET}
