"""Find the other workers of an account, and the wallets that they report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from allora_cli.aws.other_hosts import find_hosts
from allora_cli.host.log_events import newest
from allora_cli.host.status_report import parse_status
from settings.names import log_group

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_logs import CloudWatchLogsClient

_REPORTS: Final = 30
"""Of the last minutes before a host was stopped, in which its worker may have been silent."""

_WITHIN: Final = timedelta(days=400)
"""A host may be stopped for long; its logs' retention limits this further."""


@dataclass(frozen=True)
class OtherWorker:
    """Another worker's host.

    Attributes:
        address: of its wallet; None when it has not reported any.
    """

    name: str
    instance_id: str
    region: str
    address: str | None

    def __str__(self) -> str:
        """Return the worker's name and place."""
        return f"{self.name} ({self.instance_id} in {self.region})"


def find_workers(
    ec2: EC2Client, logs: CloudWatchLogsClient, region: str, *, except_for: str | None
) -> Iterator[OtherWorker]:
    """Yield the workers of this account in a region, but for those of one name."""
    for instance_id, name in find_hosts(ec2).items():
        if name != except_for:
            yield OtherWorker(name, instance_id, region, _address(logs, name, instance_id))


def regions_with_workers(cloudwatch: CloudWatchClient, regions: set[str]) -> set[str]:
    """Return those regions in which a dashboard says that there may be a worker.

    A dashboard's name is unique in the account and ends with its region (`settings.names`).
    """
    pages = cloudwatch.get_paginator("list_dashboards").paginate()
    names = list(pages.search("DashboardEntries[].DashboardName"))
    return {region for region in regions if any(name.endswith(f"-{region}") for name in names)}


def _address(logs: CloudWatchLogsClient, worker_name: str, instance_id: str) -> str | None:
    lines = newest(
        logs,
        log_group(worker_name, "host"),
        f"{instance_id}/status",
        count=_REPORTS,
        within=_WITHIN,
    )
    reports = map(parse_status, reversed(lines))
    workers = (report.worker for report in reports if report and report.worker)
    return next((worker.address for worker in workers if worker.address), None)
