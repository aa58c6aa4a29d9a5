"""Allora's networks (https://docs.allora.network/reference/networks)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

SUBMISSION_FEE = Decimal("0.0003")
"""In ALLO, on mainnet: 300,000 gas, the SDK's estimate without simulation, × the lowest price of
250,000,000 uallo × 3 × 1.5, the SDK's factors for rising prices and its standard tier
(config.py, tx_manager.py in https://github.com/allora-network/allora-sdk-py)."""


@dataclass(frozen=True)
class AlloraNetwork:
    """An Allora network."""

    api_url: str
    """REST endpoint."""
    hundred_transactions: Decimal
    """In ALLO, 100 times the balance that the SDK requires for a transaction: 300,000 gas × the
    lowest price (10 uallo on testnet, 250,000,000 on mainnet) × 2.5 for its highest fee tier."""
    sandbox_topic: int = 0
    """Open topic without whitelist or penalty (https://docs.allora.network/api/topics.json)."""


TESTNET = AlloraNetwork(
    "https://allora-api.testnet.allora.network", Decimal("0.00000000075"), sandbox_topic=69
)
MAINNET = AlloraNetwork("https://allora-api.mainnet.allora.network", Decimal("0.01875"))

NETWORKS = {"testnet": TESTNET, "mainnet": MAINNET}
