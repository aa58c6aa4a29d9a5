"""The names of the loss methods, and which of them a reputer can compute.

`allora doctor` says so before a deployment, so this module imports nothing but the standard
library. The names are the SDK's (allora_sdk/loss_methods/defaults.py), and czar.
"""

from __future__ import annotations

from typing import Final

SQUARED: Final = frozenset({"sqe", "mse", "se", "squared_error"})
ABSOLUTE: Final = frozenset({"abse", "mae", "ae", "absolute_error"})
LOG_COSH: Final = frozenset({"logcosh", "log_cosh", "logcosh_loss"})
CZAR: Final = frozenset({"czar"})
ZTAE: Final = frozenset({"ztae", "ztae_loss", "z_transformed_absolute_error"})
ZPTAE: Final = frozenset({"zptae", "zptae_loss", "z_power_tanh_absolute_error"})

_COMPUTED: Final = SQUARED | ABSOLUTE | LOG_COSH | CZAR | ZTAE | ZPTAE
# The SDK has a function for these, with parameters of which the chain tells nothing: a guess could
# cost the reputer's stake.
_UNCERTAIN: Final = frozenset(
    {"huber", "huber_loss", "bce", "bce_loss", "binary_cross_entropy", "poisson", "poisson_loss"}
)

REMEDY: Final = (
    "choose a topic with mse, mae, logcosh, czar, ztae or zptae, or another ALLORA_WORKER_ROLE"
)


def canonical(name: str) -> str:
    """Return a topic's loss method as it is listed here."""
    return name.strip().lower()


def obstacle(topic_id: int, name: str, *, has_labels: bool) -> str | None:
    """Return why a reputer cannot measure losses in a topic, or None."""
    loss = f"topic {topic_id} measures losses with {name!r}"
    if has_labels:
        return f"{loss} over several labels, which is not published"
    if canonical(name) in _UNCERTAIN:
        return f"{loss}, whose parameters are not on the chain"
    return None if canonical(name) in _COMPUTED else f"{loss}, which is not published"
