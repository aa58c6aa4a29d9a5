"""Allora's networks (https://docs.allora.network/reference/networks)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

SUBMISSION_FEE = Decimal("0.0003")
"""What a submission costs on mainnet, in ALLO: 300,000 gas, which the SDK reckons with where it
cannot simulate, × the lowest price of 250,000,000 uallo × 3 × 1.5, the SDK's factors for a price
that rises and for its standard tier
(config.py, tx_manager.py in https://github.com/allora-network/allora-sdk-py)."""


@dataclass(frozen=True)
class AlloraNetwork:
    """One network.

    Attributes:
        api_url: Its REST endpoint.
        hundred_transactions: In ALLO, 100 times what the SDK wants in the wallet before it sends a
            transaction: 300,000 gas, times the network's lowest price (10 uallo on testnet,
            250,000,000 on mainnet), times 2.5 for its highest fee tier.
        sandbox_topic: Its open topic, without whitelist or penalty
            (https://docs.allora.network/api/topics.json); 0 for none.
    """

    api_url: str
    hundred_transactions: Decimal
    sandbox_topic: int = 0


TESTNET = AlloraNetwork(
    "https://allora-api.testnet.allora.network", Decimal("0.00000000075"), sandbox_topic=69
)
MAINNET = AlloraNetwork("https://allora-api.mainnet.allora.network", Decimal("0.01875"))

NETWORKS = {"testnet": TESTNET, "mainnet": MAINNET}
