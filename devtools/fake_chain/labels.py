"""Which labels an inference may name.

https://github.com/allora-network/allora-chain: `ValidateWithLimits` of an InputInference, and
`Topic.label_whitelist`, `max_labels_per_submission`, `require_unity` and `unity_tolerance`. The
texts of these errors are not published; only that they are none with a number of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from .facts import SCALAR, TopicFacts
from .rejection import INVALID_REQUEST, INVALID_VALUE, Rejection

UNITY_TOLERANCE = Decimal("0.01")
"""How far from one the sum of all labels' numbers may be."""


def check(values: Sequence[tuple[str, str]], facts: TopicFacts) -> None:
    """Raise `Rejection` when a prediction does not fit the topic's labels."""
    names = [label for label, _ in values]
    if len(set(names)) < len(names):
        raise _rejection("duplicate label")
    if len(names) > max(len(facts.labels), 1):
        raise _rejection(f"{len(names)} labels, of which {max(len(facts.labels), 1)} are allowed")
    if not facts.labels:
        if names[0] not in ("", SCALAR):
            text = f'single-arity label must be "{SCALAR}", got "{names[0]}": invalid request'
            raise Rejection(INVALID_REQUEST, text, "sdk")
        return
    for label in names:
        if label not in facts.labels:
            raise _rejection(f"label {label!r} is not in the topic's whitelist")
    total = sum((Decimal(value) for _, value in values), Decimal(0))
    if abs(total - 1) > UNITY_TOLERANCE:
        raise _rejection(f"the values sum up to {total}, and not to 1")


def _rejection(why: str) -> Rejection:
    return Rejection(
        INVALID_VALUE, f"input inference failed label validation: {why}: invalid value"
    )
