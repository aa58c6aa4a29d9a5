"""Read what a host and its containers have sent to CloudWatch Logs.

Streams of the group `/allora/<worker>/host`, for each instance:

- `<instance id>/boot`: the host's events (`shared.host_events`), each a JSON object, among what its
  services print.
- `<instance id>/status`: a JSON object every minute (tests/samples/host_status.json is one).

The containers' output is in the streams `<instance id>` of the groups `…/worker` and `…/model`.

A line of a model or a build that could be JSON is wrapped in a JSON object, `{"text": "…"}`, so
that CloudWatch makes no metrics of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

_BOOT_LINES = 1000
"""Of the boot log's end: between two events may be the lines of a `docker build`."""

_PAGES = 50


@dataclass(frozen=True)
class Line:
    """One event of a log stream.

    Attributes:
        id: unique in its log group.
        at: when it was written.
        text: without the line's end.
        is_quoted: whether the host has wrapped it, because a model or a build wrote it.
        stream: the log stream's name; empty where one stream alone was read.
    """

    id: str
    at: datetime
    text: str
    is_quoted: bool = False
    stream: str = ""

    @property
    def fields(self) -> dict[str, Any]:
        """Its members, if it is a JSON object."""
        try:
            value = json.loads(self.text)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


def read(
    logs: CloudWatchLogsClient, group: str, stream: str, *, since: datetime | None = None
) -> Iterator[Line]:
    """Yield the lines of a stream, oldest first; none if there is no such group or stream yet.

    Args:
        logs: a client in the worker's region.
        group: the log group's name.
        stream: the stream's name.
        since: only those written then or later.
    """
    arguments = {"logGroupName": group, "logStreamNames": [stream]}
    yield from _filtered(logs, arguments, since)


def read_streams(
    logs: CloudWatchLogsClient,
    group: str,
    prefix: str = "",
    *,
    since: datetime | None = None,
    pattern: str = "",
) -> Iterator[Line]:
    """Yield the lines of several streams, oldest first, each with the name of its stream.

    Args:
        logs: a client in the group's region.
        group: the log group's name.
        prefix: of the streams' names; by default all.
        since: only those written then or later.
        pattern: a filter in CloudWatch's syntax; the embedded AWS knows few of them.
            https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
    """
    arguments = {"logGroupName": group}
    if prefix:
        arguments["logStreamNamePrefix"] = prefix
    if pattern:
        arguments["filterPattern"] = pattern
    for line in _filtered(logs, arguments, since):
        if line.stream.startswith(prefix):  # of which the embedded AWS knows nothing
            yield line


def _filtered(
    logs: CloudWatchLogsClient, arguments: Mapping[str, Any], since: datetime | None
) -> Iterator[Line]:
    """Yield what FilterLogEvents finds; nothing if there is no such group or stream yet."""
    begin: dict[str, Any] = {}
    if since is not None:
        begin["startTime"] = max(int(since.timestamp() * 1000), 0)
    try:
        for page in logs.get_paginator("filter_log_events").paginate(**arguments, **begin):
            for event in page["events"]:
                yield _line_of(event)
    except logs.exceptions.ResourceNotFoundException:
        return


def newest(
    logs: CloudWatchLogsClient, group: str, stream: str, *, count: int, within: timedelta
) -> list[Line]:
    """Return the last lines of a stream, oldest first; none if there is no such stream yet.

    A page may be empty although there are older lines: the end is a token that comes back
    (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html).

    Args:
        logs: a client in the worker's region.
        group: the log group's name.
        stream: the stream's name.
        count: how many, at most.
        within: only those written since this long ago.
    """
    now = datetime.now(UTC)
    arguments: dict[str, Any] = {
        "logGroupName": group,
        "logStreamName": stream,
        "limit": count,
        "startTime": int((now - within).timestamp() * 1000),
        # A host's clock may be ahead of ours.
        "endTime": int((now + timedelta(hours=1)).timestamp() * 1000),
    }
    lines: list[Line] = []
    token = None
    try:
        for _ in range(_PAGES):
            page = logs.get_log_events(**arguments)
            lines[:0] = [_line_of(event) for event in page["events"]]
            if len(lines) >= count or page["nextBackwardToken"] == token:
                break
            token = arguments["nextToken"] = page["nextBackwardToken"]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return lines[-count:]


def last_status(
    logs: CloudWatchLogsClient, group: str, instance_id: str, *, within: timedelta
) -> Line | None:
    """Return the newest status of a host, or None if it has sent none lately."""
    lines = newest(logs, group, f"{instance_id}/status", count=1, within=within)
    return lines[0] if lines else None


def boot_log(
    logs: CloudWatchLogsClient, group: str, instance_id: str, *, within: timedelta
) -> list[Line]:
    """Return the end of a host's boot log, oldest first."""
    return newest(logs, group, f"{instance_id}/boot", count=_BOOT_LINES, within=within)


def _line_of(event: Mapping[str, Any]) -> Line:
    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
    # GetLogEvents gives no id.
    line = Line(
        event.get("eventId", ""),
        at,
        event["message"].rstrip("\n"),
        stream=event.get("logStreamName", ""),
    )
    fields = line.fields
    if fields.keys() == {"text"} and isinstance(fields["text"], str):
        return replace(line, text=fields["text"], is_quoted=True)
    return line
