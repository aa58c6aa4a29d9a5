"""What the network infers for a nonce from all its participants' submissions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from allora_sdk.rpc_client.protos.emissions.v10 import (
    LabeledValue,
    NetworkInferenceBundle,
    OneInForecasterValue,
    OneOutForecasterValue,
    OneOutInfererValue,
    WorkerInference,
)

from .decimals import ONE, ZERO, mean, text
from .facts import SCALAR
from .transactions import Payload

Values = dict[str, Decimal]
"""A prediction: numbers by label."""


@dataclass(frozen=True)
class Inferences:
    """The predictions of an epoch.

    Attributes:
        inferers: What each inferer predicts.
        forecasters: What each forecaster's forecasts imply.
        inferer_weights: How much each inferer counts, from earlier epochs; who is new counts as
            much as the others on average.
        forecaster_weights: The same of forecasters.
    """

    inferers: dict[str, Values]
    forecasters: dict[str, Values] = field(default_factory=dict)
    inferer_weights: Mapping[str, Decimal] = field(default_factory=dict)
    forecaster_weights: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def combined(self) -> Values:
        """The network's prediction."""
        return self._of(self.inferers, self.forecasters)

    @property
    def naive(self) -> Values:
        """The network's prediction without its forecasters."""
        return self._of(self.inferers, {})

    def without_inferer(self, address: str) -> Values:
        """Return the network's prediction without an inferer; with no other one, the whole one."""
        others = _without(self.inferers, address)
        return self._of(others, self.forecasters) if others else self.combined

    def without_forecaster(self, address: str) -> Values:
        """Return the network's prediction without a forecaster."""
        return self._of(self.inferers, _without(self.forecasters, address))

    def with_one_forecaster(self, address: str) -> Values:
        """Return the network's prediction with one forecaster alone."""
        return self._of(self.inferers, {address: self.forecasters[address]})

    def _of(self, inferers: dict[str, Values], forecasters: dict[str, Values]) -> Values:
        members = {("inferer", address): values for address, values in inferers.items()}
        weights = {
            ("inferer", address): weight
            for address, weight in _weights(inferers, self.inferer_weights).items()
        }
        members |= {("forecaster", address): values for address, values in forecasters.items()}
        weights |= {
            ("forecaster", address): weight
            for address, weight in _weights(forecasters, self.forecaster_weights).items()
        }
        names = {key: "/".join(key) for key in members}
        labels = dict.fromkeys(label for values in members.values() for label in values)
        return {
            label: mean(
                {names[key]: values.get(label, ZERO) for key, values in members.items()},
                {names[key]: weight for key, weight in weights.items()},
            )
            for label in labels
        }


def implied(forecasts: Mapping[str, Decimal], inferers: Mapping[str, Values]) -> Values | None:
    """Return the inference that forecasted losses imply: the better an inferer, the more it counts.

    The chain weighs with the regrets that the forecasts imply; here a loss (log10) counts 10 times
    less for each unit. None: no forecast is about an active inferer.
    """
    known = {address: loss for address, loss in forecasts.items() if address in inferers}
    if not known:
        return None
    least = min(known.values())
    weights = {address: Decimal(10) ** (least - loss) for address, loss in known.items()}
    labels = dict.fromkeys(label for address in known for label in inferers[address])
    return {
        label: mean({each: inferers[each].get(label, ZERO) for each in known}, weights)
        for label in labels
    }


def numbers(payload: Payload) -> Values:
    """Return what an inferer predicts."""
    return {label or SCALAR: Decimal(value) for label, value in payload.values}


def bundle(topic: int, nonce: int, inferences: Inferences) -> NetworkInferenceBundle:
    """Return the inferences as the chain answers them."""
    return NetworkInferenceBundle(
        topic_id=topic,
        nonce=nonce,
        combined_value=labeled(inferences.combined),
        naive_value=labeled(inferences.naive),
        inferer_values=[
            WorkerInference(worker=address, values=labeled(values))
            for address, values in inferences.inferers.items()
        ],
        forecaster_values=[
            WorkerInference(worker=address, values=labeled(values))
            for address, values in inferences.forecasters.items()
        ],
        one_out_inferer_values=[
            OneOutInfererValue(
                withheld_inferer=address,
                combined_inference=labeled(inferences.without_inferer(address)),
            )
            for address in inferences.inferers
        ],
        one_out_forecaster_values=[
            OneOutForecasterValue(
                withheld_forecaster=address,
                combined_inference=labeled(inferences.without_forecaster(address)),
            )
            for address in inferences.forecasters
        ],
        one_in_forecaster_values=[
            OneInForecasterValue(
                forecaster=address,
                combined_inference=labeled(inferences.with_one_forecaster(address)),
            )
            for address in inferences.forecasters
        ],
    )


def labeled(values: Values) -> list[LabeledValue]:
    """Return a prediction as the chain answers it."""
    return [
        LabeledValue(label_id=number, label_name=label, value=text(value))
        for number, (label, value) in enumerate(values.items(), 1)
    ]


def _weights(members: Mapping[str, Values], known: Mapping[str, Decimal]) -> dict[str, Decimal]:
    found = [known[address] for address in members if address in known]
    usual = sum(found, ZERO) / len(found) if found else ONE
    return {address: known.get(address, usual) for address in members}


def _without(members: dict[str, Values], address: str) -> dict[str, Values]:
    return {other: values for other, values in members.items() if other != address}
