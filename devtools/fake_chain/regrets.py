"""How much the network regrets to have listened to each participant, and so listens from now on.

https://github.com/allora-network/allora-chain/blob/main/x/emissions/keeper/inference_synthesis/network_regrets.go
and weight.go beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from .competitors import Kind
from .decimals import ZERO, gradient, standard_deviation
from .losses import Losses
from .scores import next_average

# Of a usual topic: alpha_regret, p_norm, c_norm and epsilon.
ALPHA = Decimal("0.1")
P_NORM = Decimal(3)
C_NORM = Decimal("0.75")
EPSILON = Decimal("0.01")


@dataclass(frozen=True)
class Regret:
    """The moving average of somebody's regrets, and the nonce of the newest."""

    value: Decimal = ZERO
    height: int = 0


class Regrets:
    """The regrets and weights of all participants."""

    def __init__(self) -> None:
        self._regrets: dict[tuple[int, Kind], dict[str, Regret]] = defaultdict(dict)
        self._weights: dict[tuple[int, Kind], dict[str, Decimal]] = {}

    def regret(self, topic: int, kind: Kind, address: str) -> Regret:
        """Return somebody's regret."""
        return self._regrets[topic, kind].get(address, Regret())

    def weights(self, topic: int, kind: Kind) -> Mapping[str, Decimal]:
        """Return how much each of a topic's participants counts; together they count 1."""
        return self._weights.get((topic, kind), {})

    def add(self, topic: int, nonce: int, losses: Losses) -> None:
        """Take an epoch's losses into account: who loses less than the network counts more."""
        own: dict[Kind, dict[str, Decimal]] = {
            "inferer": losses.inferers,
            "forecaster": losses.forecasters,
        }
        current = {}
        for kind, by_address in own.items():
            for address, loss in by_address.items():
                current[kind, address] = self._step(topic, kind, address, losses.combined - loss)
                self._regrets[topic, kind][address] = Regret(current[kind, address], nonce)
        deviation = standard_deviation(current.values()) + EPSILON
        weights = {key: gradient(P_NORM, C_NORM, each / deviation) for key, each in current.items()}
        total = sum(weights.values(), ZERO)
        for kind, by_address in own.items():
            self._weights[topic, kind] = {each: weights[kind, each] / total for each in by_address}

    def _step(self, topic: int, kind: Kind, address: str, regret: Decimal) -> Decimal:
        previous = self.regret(topic, kind, address)
        return next_average(ALPHA, regret, previous.value, is_first=previous.height == 0)
