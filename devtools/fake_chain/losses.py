"""How far predictions are off: what reputers say, and what the network makes of it.

All losses are log10, as on the chain:
https://github.com/allora-network/allora-chain/blob/main/x/emissions/keeper/inference_synthesis/network_losses.go
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from allora_sdk.rpc_client.protos.emissions.v3 import (
    Nonce,
    ReputerRequestNonce,
    ValueBundle,
    WithheldWorkerAttributedValue,
    WorkerAttributedValue,
)

from . import transactions
from .decimals import ZERO, mean, text
from .network import Inferences, Values

SMALLEST = Decimal("1e-24")
"""What stands for no loss at all, of which there is no logarithm."""

_ABSOLUTE = ("abse", "mae", "ae", "absolute_error")
"""allora_sdk/loss_methods/defaults.py"""

Component = tuple[str, str]
"""Whose prediction a loss is about: `combined`, `naive`, or a kind and an address."""


@dataclass(frozen=True)
class Losses:
    """A bundle of losses.

    Attributes:
        combined: Of the network's prediction.
        naive: Of the network's prediction without forecasters.
        inferers: Of inferers' predictions.
        forecasters: Of what forecasts imply.
        without_inferers: Of the network's prediction without each inferer.
        without_forecasters: The same without each forecaster.
        with_forecasters: Of the prediction with one forecaster alone.
    """

    combined: Decimal
    naive: Decimal
    inferers: dict[str, Decimal]
    forecasters: dict[str, Decimal]
    without_inferers: dict[str, Decimal]
    without_forecasters: dict[str, Decimal]
    with_forecasters: dict[str, Decimal]

    def components(self) -> dict[Component, Decimal]:
        """Return all losses, each with what it is about."""
        return {
            ("combined", ""): self.combined,
            ("naive", ""): self.naive,
            **_named("inferer", self.inferers),
            **_named("forecaster", self.forecasters),
            **_named("without inferer", self.without_inferers),
            **_named("without forecaster", self.without_forecasters),
            **_named("with forecaster", self.with_forecasters),
        }


def submitted(losses: transactions.Losses) -> Losses:
    """Return a reputer's losses as numbers."""
    return Losses(
        combined=Decimal(losses.combined),
        naive=Decimal(losses.naive),
        inferers=_numbers(losses.inferers),
        forecasters=_numbers(losses.forecasters),
        without_inferers=_numbers(losses.without_inferers),
        without_forecasters=_numbers(losses.without_forecasters),
        with_forecasters=_numbers(losses.with_forecasters),
    )


def measured(inferences: Inferences, truth: Values, method: str, error: Decimal) -> Losses:
    """Return the losses that a played reputer finds, each off by its error.

    Absolute errors are measured as such, and all other methods as squared ones.
    """

    def loss(values: Values) -> Decimal:
        return log_loss(method, truth, values) + error

    def losses(names: Mapping[str, Values], values: Callable[[str], Values]) -> dict[str, Decimal]:
        return {name: loss(values(name)) for name in names}

    return Losses(
        combined=loss(inferences.combined),
        naive=loss(inferences.naive),
        inferers=losses(inferences.inferers, inferences.inferers.__getitem__),
        forecasters=losses(inferences.forecasters, inferences.forecasters.__getitem__),
        without_inferers=losses(inferences.inferers, inferences.without_inferer),
        without_forecasters=losses(inferences.forecasters, inferences.without_forecaster),
        with_forecasters=losses(inferences.forecasters, inferences.with_one_forecaster),
    )


def consensus(bundles: Mapping[str, Losses], stakes: Mapping[str, Decimal]) -> Losses:
    """Return the network's losses: the means of the reputers', weighted by their stakes."""

    def of(part: Callable[[Losses], Decimal]) -> Decimal:
        return mean({reputer: part(losses) for reputer, losses in bundles.items()}, stakes)

    def each(part: Callable[[Losses], dict[str, Decimal]]) -> dict[str, Decimal]:
        names = dict.fromkeys(name for losses in bundles.values() for name in part(losses))
        return {
            name: mean(
                {
                    reputer: part(losses)[name]
                    for reputer, losses in bundles.items()
                    if name in part(losses)
                },
                stakes,
            )
            for name in names
        }

    return Losses(
        combined=of(lambda losses: losses.combined),
        naive=of(lambda losses: losses.naive),
        inferers=each(lambda losses: losses.inferers),
        forecasters=each(lambda losses: losses.forecasters),
        without_inferers=each(lambda losses: losses.without_inferers),
        without_forecasters=each(lambda losses: losses.without_forecasters),
        with_forecasters=each(lambda losses: losses.with_forecasters),
    )


def bundle(topic: int, nonce: int, losses: Losses | None, reputer: str = "") -> ValueBundle:
    """Return losses as the chain answers them; without any, it answers zeros for nonce 0."""
    request = ReputerRequestNonce(reputer_nonce=Nonce(block_height=nonce if losses else 0))
    if losses is None:
        return ValueBundle(
            topic_id=topic, reputer_request_nonce=request, combined_value="0", naive_value="0"
        )
    return ValueBundle(
        topic_id=topic,
        reputer_request_nonce=request,
        reputer=reputer,
        combined_value=text(losses.combined),
        naive_value=text(losses.naive),
        inferer_values=_of_workers(losses.inferers),
        forecaster_values=_of_workers(losses.forecasters),
        one_out_inferer_values=_withheld(losses.without_inferers),
        one_out_forecaster_values=_withheld(losses.without_forecasters),
        one_in_forecaster_values=_of_workers(losses.with_forecasters),
    )


def log_loss(method: str, truth: Values, values: Values) -> Decimal:
    """Return the mean loss of a prediction's labels."""
    errors = [truth.get(label, ZERO) - values.get(label, ZERO) for label in {**truth, **values}]
    power = 1 if method in _ABSOLUTE else 2
    loss = sum((abs(error) ** power for error in errors), ZERO) / len(errors)
    return max(loss, SMALLEST).log10()


def _named(kind: str, losses: dict[str, Decimal]) -> dict[Component, Decimal]:
    return {(kind, address): loss for address, loss in losses.items()}


def _numbers(losses: Mapping[str, str]) -> dict[str, Decimal]:
    return {address: Decimal(loss) for address, loss in losses.items()}


def _of_workers(losses: dict[str, Decimal]) -> list[WorkerAttributedValue]:
    return [WorkerAttributedValue(worker=each, value=text(loss)) for each, loss in losses.items()]


def _withheld(losses: dict[str, Decimal]) -> list[WithheldWorkerAttributedValue]:
    return [
        WithheldWorkerAttributedValue(worker=each, value=text(loss))
        for each, loss in losses.items()
    ]
