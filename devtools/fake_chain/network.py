"""The inferences of a whole network, of which most participants are invented.

A forecaster predicts other inferers' losses, a reputer scores them, and an inferer compares itself
with them; on a computer of one's own there are no others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from decimal import Decimal

from allora_sdk.rpc_client.protos.emissions.v10 import (
    LabeledValue,
    NetworkInferenceBundle,
    OneInForecasterValue,
    OneOutForecasterValue,
    OneOutInfererValue,
    WorkerInference,
)
from cosmpy.crypto.address import Address

from .transactions import PREFIX, Payload

Values = dict[str, Decimal]


def _invented_address(name: str) -> str:
    return str(Address(hashlib.sha256(name.encode()).digest()[:20], prefix=PREFIX))


NEIGHBOURS = {
    _invented_address("fake chain, inferer 1"): Decimal("0.999"),
    _invented_address("fake chain, inferer 2"): Decimal("1.001"),
}
"""Invented inferers, and what they multiply the first real inferer's prediction with.

They are two, because allora_sdk warns an inferer that is far from three or more.
"""

UNKNOWN: Values = {"y": Decimal(100)}
"""What the network predicts before the first submission."""


def inferences(topic: int, nonce: int, submitted: Iterable[Payload]) -> NetworkInferenceBundle:
    """Return what the network inferred for a nonce.

    Args:
        topic: The topic's id.
        nonce: What the inferences are about.
        submitted: The topic's payloads so far, oldest first. When none is of this nonce, the
            neighbours go on from the latest before it.
    """
    payloads = [each for each in submitted if each.nonce <= nonce]
    own = {
        each.address: _numbers(each)
        for each in payloads
        if each.role == "inferer" and each.nonce == nonce
    }
    inferers = {**_neighbours(payloads, own), **own}
    forecasters = [
        each.address for each in payloads if each.role == "forecaster" and each.nonce == nonce
    ]
    combined = _labeled(_mean(list(inferers.values())))
    return NetworkInferenceBundle(
        topic_id=topic,
        nonce=nonce,
        combined_value=combined,
        naive_value=combined,
        inferer_values=[
            WorkerInference(worker=address, values=_labeled(values))
            for address, values in inferers.items()
        ],
        forecaster_values=[
            WorkerInference(worker=address, values=combined) for address in forecasters
        ],
        one_out_inferer_values=[
            OneOutInfererValue(
                withheld_inferer=address, combined_inference=_labeled(_without(inferers, address))
            )
            for address in inferers
        ],
        one_out_forecaster_values=[
            OneOutForecasterValue(withheld_forecaster=address, combined_inference=combined)
            for address in forecasters
        ],
        one_in_forecaster_values=[
            OneInForecasterValue(forecaster=address, combined_inference=combined)
            for address in forecasters
        ],
    )


def _neighbours(payloads: list[Payload], own: dict[str, Values]) -> dict[str, Values]:
    earlier = [_numbers(each) for each in payloads if each.role == "inferer"]
    example = next(iter(own.values())) if own else (earlier or [UNKNOWN])[-1]
    return {
        address: {label: value * factor for label, value in example.items()}
        for address, factor in NEIGHBOURS.items()
    }


def _numbers(payload: Payload) -> Values:
    return {label: Decimal(value) for label, value in payload.values}


def _without(inferers: dict[str, Values], address: str) -> Values:
    return _mean([values for other, values in inferers.items() if other != address])


def _mean(all_values: list[Values]) -> Values:
    labels = dict.fromkeys(label for values in all_values for label in values)
    count = len(all_values)
    return {
        label: sum((values.get(label, Decimal(0)) for values in all_values), Decimal(0)) / count
        for label in labels
    }


def _labeled(values: Values) -> list[LabeledValue]:
    return [
        LabeledValue(label_id=number, label_name=label, value=f"{value.normalize():f}")
        for number, (label, value) in enumerate(values.items())
    ]
