"""How much ALLO a wallet needs, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from containers.worker.allora_worker.contract import FAUCET
from settings import Settings
from shared.networks import NETWORKS


@dataclass(frozen=True)
class Funding:
    """What a worker's wallet needs.

    Attributes:
        allo: enough for about 100 transactions. The registration in a topic is one of them; its own
            fee is negligible: 200 uallo (`RegistrationFee` in x/emissions/types/params.go of
            https://github.com/allora-network/allora-chain).
        faucet: the page with test coins; None on mainnet.
    """

    allo: Decimal
    faucet: str | None


def funding_of(settings: Settings) -> Funding:
    """Return what the wallet needs in the settings' network."""
    network = settings.allora_network
    return Funding(NETWORKS[network].hundred_transactions, FAUCET if network == "testnet" else None)
