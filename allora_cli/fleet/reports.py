"""What the workers of a fleet report of themselves, each minute, in their log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from pydantic import BaseModel

from allora_cli.fleet.streams import Stream, prefix_of
from allora_cli.host.log_events import read_streams
from allora_cli.host.protocol import parse
from allora_cli.host.status_report import Worker
from containers.worker.allora_worker.event_names import Event

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

_WITHIN: Final = timedelta(minutes=10)
"""How old a report may be for us to say how old it is: more cost time with many workers."""

_PATTERN: Final = f'{{ $.event = "{Event.STATUS}" }}'


class _Status(BaseModel):
    event: Literal[Event.STATUS]
    at: datetime
    health: Worker


@dataclass(frozen=True)
class Report:
    """A worker's newest report.

    Attributes:
        task_id: Of the task that has sent it.
    """

    at: datetime
    task_id: str
    worker: Worker


def newest_reports(
    logs: CloudWatchLogsClient, group: str, now: datetime, *, worker: str = ""
) -> dict[str, Report]:
    """Return the newest report of each worker, by its name; none of those that are silent.

    One question for all, because CloudWatch limits their number, and not what is in an answer.

    Args:
        logs: A client in the fleet's region.
        group: The log group of the workers.
        now: The present.
        worker: Of this one alone.
    """
    prefix = prefix_of(worker, "worker") if worker else ""
    found: dict[str, Report] = {}
    for line in read_streams(logs, group, prefix, since=now - _WITHIN, pattern=_PATTERN):
        stream = Stream.of(line.stream)
        known = found.get(stream.worker)
        if stream.container != "worker" or (known and known.at > line.at):
            continue
        if status := parse(_Status, line):
            found[stream.worker] = Report(status.at, stream.task_id, status.health)
    return found
