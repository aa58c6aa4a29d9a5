"""When what happened on a host, from the instance's start to the first submission."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from tests.host import packages
from tests.host.node import Node
from tests.host.web import Transfer

BUDGET_SECONDS = 60
"""For everything but the transfer of packages and images."""

_MICROSECONDS = 1e6
_NANOSECONDS = 1e9
# What is told by the beginning of a line in the journal.
_IN_THE_JOURNAL = {
    "cloud-init starts": "Starting cloud-init-local.service",
    "user data runs": '{"event": "internet", "state": "started"',
    "packages installed": '{"event": "packages", "state": "done"',
    "Docker ready": '{"event": "docker", "state": "done"',
    "images built": "allora-worker  Built",
    "containers started": "Container allora-worker-1  Started",
}
MOMENTS = (
    *("instance started", *_IN_THE_JOURNAL),
    *("model healthy", "worker registered", "first submission"),
)
_ARCHIVES = ("ubuntu.com", "public.ecr.aws", packages.NAME)


@dataclass(frozen=True)
class Timeline:
    """Moments in seconds since the instance was started.

    Attributes:
        transfer_seconds: for how long packages and images were on their way.
        transfer_megabytes: how much that was.
    """

    moments: dict[str, float]
    transfer_seconds: float
    transfer_megabytes: float

    @property
    def own_seconds(self) -> float:
        """Everything but the transfer of packages and images."""
        return max(self.moments.values()) - self.transfer_seconds

    def to_json(self) -> str:
        """For a benchmark."""
        return json.dumps(asdict(self) | {"own_seconds": self.own_seconds}, indent=2)

    def lines(self) -> list[str]:
        """For people."""
        moments = sorted(self.moments.items(), key=lambda item: item[1])
        return [
            *(f"{moment:7.1f} s  {name}" for name, moment in moments),
            f"{self.transfer_seconds:7.1f} s  of it: transfer of {self.transfer_megabytes:.0f} MB",
            f"{self.own_seconds:7.1f} s  own part, of {BUDGET_SECONDS} s",
        ]


def timeline(node: Node, transfers: Iterable[Transfer]) -> Timeline:
    """Looks everything up that has happened since the start.

    Args:
        node: a host that has been booted once.
        transfers: what was transferred, in all.
    """
    started = node.machine.booted_at
    moments = {
        "instance started": started,
        **_from_the_journal(node),
        "model healthy": _healthy(node, "model"),
        "worker registered": _reported(node, "ready"),
        "first submission": _reported(node, "submitted"),
    }
    end = moments["first submission"]
    downloads = [
        transfer
        for transfer in transfers
        if transfer.host.endswith(_ARCHIVES) and started < transfer.started < end
    ]
    return Timeline(
        moments={name: moment - started for name, moment in moments.items()},
        transfer_seconds=_covered(downloads),
        transfer_megabytes=sum(transfer.bytes for transfer in downloads) / 1e6,
    )


def _from_the_journal(node: Node) -> dict[str, float]:
    found: dict[str, float] = {}
    for entry in node.journal("--boot"):
        message = entry["MESSAGE"]
        for name, beginning in _IN_THE_JOURNAL.items():
            is_text = name not in found and isinstance(message, str)
            if is_text and message.lstrip().startswith(beginning):
                found[name] = int(entry["__REALTIME_TIMESTAMP"]) / _MICROSECONDS
    return found


def _healthy(node: Node, service: str) -> float:
    events = node.machine.run(
        f"docker events --since 1h --until 0s --filter container=allora-{service}-1 "
        "--filter 'event=health_status: healthy' --format '{{json .}}'"
    )
    first: int = json.loads(events.splitlines()[0])["timeNano"]
    return first / _NANOSECONDS


def _reported(node: Node, event: str) -> float:
    return datetime.fromisoformat(node.reported(event)[0]["time"]).timestamp()


def _covered(transfers: Iterable[Transfer]) -> float:
    """For how many seconds at least one was under way."""
    covered, until = 0.0, 0.0
    for transfer in sorted(transfers, key=lambda transfer: transfer.started):
        covered += max(0.0, transfer.ended - max(until, transfer.started))
        until = max(until, transfer.ended)
    return covered
