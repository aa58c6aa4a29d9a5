"""The alarms of a host or of a fleet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from allora_cli.terminal.text import clean

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient


@dataclass(frozen=True)
class Alarm:
    """An alarm of CloudWatch.

    Attributes:
        name: without what all names begin with.
        description: what it means, and what to do.
        since: when it came into its state.
        remedy: what to do; of an alarm that is not ours, its description.
    """

    name: str
    state: str
    description: str
    since: datetime
    remedy: str

    @property
    def is_firing(self) -> bool:
        """Whether it is in ALARM."""
        return self.state == "ALARM"

    @property
    def lacks_data(self) -> bool:
        """Whether there are no metrics that it could judge by."""
        return self.state == "INSUFFICIENT_DATA"


def list_alarms(
    cloudwatch: CloudWatchClient, prefix: str, remedies: Mapping[str, str]
) -> list[Alarm]:
    """Return the alarms whose names begin in one way.

    Args:
        cloudwatch: a client.
        prefix: what the names begin with.
        remedies: by the rest of the name.
    """
    pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix)
    found = []
    for alarm in (each for page in pages for each in page["MetricAlarms"]):
        name = alarm["AlarmName"].removeprefix(prefix)
        description = clean(alarm.get("AlarmDescription", ""))
        found.append(
            Alarm(
                name=name,
                state=alarm["StateValue"],
                description=description,
                since=alarm["StateUpdatedTimestamp"],
                remedy=remedies.get(name, description),
            )
        )
    return found
