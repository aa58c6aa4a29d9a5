"""Rules of Systems Manager."""

from __future__ import annotations

from typing import Final

from devtools.embedded_aws.front.call import Call
from devtools.embedded_aws.front.refusal import RefusedError

_MOST_OF_STANDARD: Final = 4_096


def size_of_parameter(call: Call) -> None:
    """A parameter of the standard tier, which is the default, has at most 4 KB.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
    """
    tier = call.parameters.get("Tier", "Standard")
    if tier == "Standard" and len(call.parameters["Value"].encode()) > _MOST_OF_STANDARD:
        raise RefusedError(
            "ValidationException",
            f"Standard tier parameters support a maximum parameter value of {_MOST_OF_STANDARD} "
            "characters. To create a larger parameter value, upgrade the parameter to use the "
            "advanced-parameter tier.",
        )
