"""Asks the chain what the network's other inferers said last."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

from .chain import UNANSWERED, Chain


async def values_of_others(chain: Chain, topic_id: int, seconds: float) -> list[Decimal]:
    """Return the other inferers' newest values in a topic; none if the chain does not say in time.

    Args:
        chain: The chain's endpoint.
        topic_id: A topic that takes one number.
        seconds: Limit of the query.
    """

    def read(answer: Any) -> list[Decimal]:  # noqa: ANN401 - the SDK has no types for it
        bundle = answer.network_inferences
        return [
            Decimal(inference.values[0].value)
            for inference in (bundle.inferer_values if bundle else [])
            if inference.worker != chain.address and len(inference.values) == 1
        ]

    try:
        async with asyncio.timeout(seconds):
            return await chain.query("LatestNetworkInferences", read, topic_id=topic_id)
    except (TimeoutError, *UNANSWERED):
        return []  # no reason not to submit
