"""The AWS console's address."""

from __future__ import annotations

from typing import Final

_DOMAINS: Final = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
"""By partition (https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html)."""


def console_url(partition: str, region: str) -> str:
    """Return the console's URL in a region, without a path."""
    return f"https://{region}.{_DOMAINS[partition]}"
