"""The AWS console's address."""

from __future__ import annotations

from collections.abc import Mapping
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


def dashboard_url(partition: str, region: str, name: str) -> str:
    """Return the URL of a CloudWatch dashboard."""
    return f"{_cloudwatch(partition, region)}#dashboards/dashboard/{name}"


def log_group_urls(partition: str, region: str, names: Mapping[str, str]) -> dict[str, str]:
    """Return the URLs of log groups by part; the console wants slashes encoded twice."""
    groups = f"{_cloudwatch(partition, region)}#logsV2:log-groups/log-group"
    return {part: f"{groups}/{name.replace('/', '$252F')}" for part, name in names.items()}


def _cloudwatch(partition: str, region: str) -> str:
    return f"{console_url(partition, region)}/cloudwatch/home?region={region}"
