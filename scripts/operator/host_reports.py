"""What the host and its containers have told CloudWatch Logs.

Streams of the group `/allora/<worker>/host`, for each instance:

- `<instance id>/boot`: the host's own progress and troubles, in plain lines. A line that begins
  with "allora: " is meant for people; the end is "allora: ready" or "allora: failed: …".
- `<instance id>/status`: a JSON object every minute (tests/samples/host_status.json is one).

The containers' output is in the streams `<instance id>` of the groups `…/worker` and `…/model`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient


@dataclass(frozen=True)
class Line:
    """One event of a log stream.

    Attributes:
        id: tells it from all others of its group.
        at: when it was written.
        text: without the line's end.
    """

    id: str
    at: datetime
    text: str

    @property
    def fields(self) -> dict[str, Any]:
        """Its members, when it is a JSON object; empty when it is another text."""
        try:
            value = json.loads(self.text)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


def read(
    logs: CloudWatchLogsClient, group: str, stream: str, *, since: datetime | None = None
) -> Iterator[Line]:
    """The lines of a stream, oldest first; none when there is no such group or stream yet.

    Args:
        logs: a client in the worker's region.
        group: the log group's name.
        stream: the stream's name.
        since: only those written then or later.
    """
    arguments: dict[str, Any] = {"logGroupName": group, "logStreamNames": [stream]}
    if since is not None:
        arguments["startTime"] = int(since.timestamp() * 1000)
    try:
        for page in logs.get_paginator("filter_log_events").paginate(**arguments):
            for event in page["events"]:
                at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
                yield Line(event["eventId"], at, event["message"].rstrip("\n"))
    except logs.exceptions.ResourceNotFoundException:
        return


def last_status(
    logs: CloudWatchLogsClient, group: str, instance_id: str, *, within: timedelta
) -> Line | None:
    """The newest status of a host; None when it has sent none lately."""
    since = datetime.now(UTC) - within
    newest = None
    for line in read(logs, group, f"{instance_id}/status", since=since):
        newest = line
    return newest
