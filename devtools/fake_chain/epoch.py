"""One epoch of a topic, from the first inference to the reward."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from .active_set import ActiveSet
from .competitors import Kind
from .losses import Losses
from .network import Inferences, Values

Forecasts = dict[str, Decimal]
"""Forecasted losses (log10) by inferer."""


@dataclass
class Epoch:
    """What is known of an epoch.

    Attributes:
        topic: The topic's id.
        nonce: Height of the block in which it began.
        inferers: Who is among those that count, with the prediction; None of who is played.
        forecasters: The same with forecasts; who is played joins when the window closes.
        inferences: What the network infers; None until the workers' window is closed.
        bundles: The losses of the reputers that count.
        losses: What the network makes of them; None until the reputers' window is closed.
        scores: By kind and address.
        fractions: Parts of what their kind earns, by kind and address.
        rewards: What was paid, in uallo, by kind and address.
    """

    topic: int
    nonce: int
    inferers: ActiveSet[Values | None]
    forecasters: ActiveSet[Forecasts]
    inferences: Inferences | None = None
    bundles: dict[str, Losses] = field(default_factory=dict)
    losses: Losses | None = None
    scores: dict[Kind, dict[str, Decimal]] = field(default_factory=dict)
    fractions: dict[Kind, dict[str, Decimal]] = field(default_factory=dict)
    rewards: dict[Kind, dict[str, Decimal]] = field(default_factory=dict)
