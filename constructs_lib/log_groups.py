"""The log groups of the worker's host."""

from __future__ import annotations

from collections.abc import Mapping

from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from constructs import Construct


class LogGroups(Construct):
    """One CloudWatch log group for each part of the host.

    They are made here and not by the host, so that they have a retention, outlive a replaced
    host and go with ``cdktf destroy``.

    Args:
        names: the groups' names by part; the part is the construct's id.
        retention_days: how long events are kept; one of the values that CloudWatch Logs takes.
    """

    def __init__(
        self, scope: Construct, id_: str, *, names: Mapping[str, str], retention_days: int
    ) -> None:
        super().__init__(scope, id_)
        for part, name in names.items():
            CloudwatchLogGroup(self, part, name=name, retention_in_days=retention_days)
