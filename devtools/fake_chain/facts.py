"""What distinguishes one topic from another."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from .competitors import Competitor

SCALAR = "y"
"""The label of a prediction that is one number."""

Number = Annotated[Decimal, Field(allow_inf_nan=False)]


class TopicFacts(BaseModel):
    """What a topic's creator chose, and what becomes of it.

    Attributes:
        metadata: The topic's name. The chain has no other place for coin, unit and horizon, as in
            `BTC/USD - Log-Return Prediction - 8h`.
        loss_method: Name of the reputers' loss function.
        labels: Of a topic whose predictions are one number for each of several labels, which sum
            up to one: https://github.com/allora-network/allora-chain, `Topic.label_whitelist`.
            None: one number, with the label `y`.
        truth: What the played reputers measure with: one number, or one for each label. None: what
            the first real inferer says, times 1.0004.
        is_active: False: the topic has too little weight or funds, and no epoch of it begins or
            ends.
        whitelist: Addresses that may submit. None: all.
        competitors: The participants whom the chain plays. None: those of all topics.
        reward: What is paid for each epoch, in uallo. None: as in all topics.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    metadata: str | None = None
    loss_method: str = "mse"
    labels: tuple[str, ...] = ()
    truth: Number | dict[str, Number] | None = None
    is_active: bool = True
    whitelist: tuple[str, ...] | None = None
    competitors: tuple[Competitor, ...] | None = None
    reward: NonNegativeInt | None = None

    def true_values(self) -> dict[str, Decimal] | None:
        """Return the truth by label, or None."""
        if self.truth is None or isinstance(self.truth, dict):
            return self.truth
        return {SCALAR: self.truth}
