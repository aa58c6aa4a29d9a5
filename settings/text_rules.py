"""Reject values with characters that Terraform, CDKTF or a terminal would interpret."""

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
"""Variables that reach only the host's files, byte for byte, and never Terraform."""

_TEMPLATE = re.compile(r"[$%#&]\{")
"""Begins a template of Terraform
(https://developer.hashicorp.com/terraform/language/expressions/strings#string-templates) or
a token of CDKTF (https://developer.hashicorp.com/terraform/cdktf/concepts/tokens)."""


class Misfit(NamedTuple):
    """Reason for a refusal, in the words of `errors.fault`."""

    message: str
    remedy: str


def misfit(variable: str, value: str) -> Misfit | None:
    """Return why a variable cannot have this value, or None.

    Escaped expressions are refused too: Terraform does not evaluate the backend's settings.
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
