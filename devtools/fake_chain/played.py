"""What the participants submit whom the chain plays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from .competitors import Competitor
from .decimals import ONE
from .facts import SCALAR, TopicFacts
from .losses import log_loss
from .network import Values

UNKNOWN = Decimal(100)
"""What is predicted before the first submission."""

USUAL_DEVIATION = Decimal("0.0004")
"""How far the truth is from the first real inferer's prediction, if a test says nothing."""


def expected(facts: TopicFacts, submitted: Iterable[Values]) -> Values:
    """Return what a played inferer without an error predicts.

    Args:
        facts: Of the topic; its truth comes first.
        submitted: Real inferers' predictions; the first one is followed otherwise.
    """
    if (truth := facts.true_values()) is not None:
        return truth
    first = next(iter(submitted), None)
    if first is not None:
        return first
    if facts.labels:
        return {label: ONE / len(facts.labels) for label in facts.labels}
    return {SCALAR: UNKNOWN}


def true_values(facts: TopicFacts, submitted: Iterable[Values]) -> Values:
    """Return what the played reputers measure with."""
    truth = facts.true_values()
    return deviating(expected(facts, submitted), USUAL_DEVIATION) if truth is None else truth


def deviating(values: Values, error: Decimal) -> Values:
    """Return a prediction with an error."""
    if len(values) == 1:
        return {label: value * (ONE + error) for label, value in values.items()}
    ignorance = min(abs(error), ONE)
    return {
        label: value * (ONE - ignorance) + ignorance / len(values)
        for label, value in values.items()
    }


def forecasts(
    forecaster: Competitor, inferers: Mapping[str, Values], truth: Values, method: str
) -> dict[str, Decimal]:
    """Return the losses that a played forecaster expects of inferers."""
    return {
        address: log_loss(method, truth, values) * (ONE + forecaster.error)
        for address, values in inferers.items()
    }
