"""Characters that no value may have."""

from __future__ import annotations

import re
from typing import NamedTuple

VERBATIM = frozenset(
    {
        "ALLORA_WORKER_INFERENCE_ENDPOINT",
        "ALLORA_WORKER_FORECAST_ENDPOINT",
        "ALLORA_WORKER_GROUND_TRUTH_ENDPOINT",
        "MODEL_COMMAND",
        "MODEL_ENV_VARS",
    }
)
"""Variables that only the host's own files contain, byte for byte; Terraform never sees them."""

_TEMPLATE = re.compile(r"[$%#&]\{")
"""What begins an expression in a string of Terraform's
(https://developer.hashicorp.com/terraform/language/expressions/strings#string-templates), or
a token of CDKTF's (https://developer.hashicorp.com/terraform/cdktf/concepts/tokens)."""


class Misfit(NamedTuple):
    """Why a variable cannot have a value.

    Attributes:
        message: the rest of a sentence that begins with the value.
        remedy: what to write instead.
    """

    message: str
    remedy: str


def misfit(variable: str, value: str) -> Misfit | None:
    """Return why a variable cannot have this value, or None.

    An escaped expression is refused like any other: the backend's settings, which Terraform reads
    without evaluating them, would get it with its escape.
    """
    if re.search("[\ud800-\udfff]", value):  # how Python keeps bytes that it cannot decode
        return Misfit("is not UTF-8 text.", "write it in UTF-8, or in ASCII alone")
    if variable in VERBATIM:
        return None
    if not value.isprintable():
        return Misfit("has a character that cannot be printed.", "write it without")
    if found := _TEMPLATE.search(value):
        return Misfit(
            f"has {found[0]}, with which an expression of Terraform or CDKTF begins.",
            "write it without",
        )
    return None
