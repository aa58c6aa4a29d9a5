"""Tell which file is about what, by the constructs of the stacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from devtools.eject.elements import Element


@dataclass(frozen=True)
class Subject:
    """A part of a file.

    Attributes:
        file: Its name without `.tf`.
        heading: What the part is about.
    """

    file: str
    heading: str


_COMMON_STATE: Final = Subject("common", "What this stack reads from the state of allora-common")

_SUBJECTS: Final = {
    "existing-network": Subject("network", "The existing VPC and subnet"),
    "zones": Subject("network", "The availability zones"),
    "network": Subject("network", "A VPC with a public subnet"),
    "security-group": Subject("network", "Who reaches what"),
    "offerings": Subject("host", "The zones that offer the instance type"),
    "build-contexts": Subject(
        "host", "The archive with the host's scripts and the images' sources"
    ),
    "host": Subject("host", "The worker's host and its address"),
    "data-volume": Subject("storage", "The data volume, which outlives the host"),
    "cluster": Subject("cluster", "The cluster of the workers"),
    "log-groups": Subject("logs", "The host's logs"),
    "fleet-log-groups": Subject("logs", "The fleet's logs"),
    "worker-role": Subject("iam", "What the host may do"),
    "fleet-execution-role": Subject("iam", "What ECS may do to start the fleet's tasks"),
    "alarm-topic": Subject("alarms", "Where alarms are sent"),
    "fleet-images": Subject("images", "The repositories of the fleet's images"),
    "fleet-image-builder": Subject("images", "The project that builds the fleet's images"),
}
"""By the first part of the construct's path, in the order within a file."""

_DASHBOARD: Final = Subject("dashboard", "The dashboard")
_ALARMS: Final = Subject("alarms", "The alarms")


def subject_of(element: Element) -> Subject:
    """Return the subject of an element; that of an unknown construct has the construct's name."""
    match element.construct.split("/"):
        case [""]:
            return _COMMON_STATE
        case ["workers", worker, *_]:
            return Subject(f"worker-{worker}", f"The worker {worker}")
        case ["monitoring", *_] if element.type == "aws_cloudwatch_dashboard":
            return _DASHBOARD
        case ["monitoring", *_]:
            return _ALARMS
        case [construct, *_]:
            return _SUBJECTS.get(construct, Subject(construct, construct))
    raise AssertionError(element.construct)


def place_of(subject: Subject) -> int:
    """Return where a subject stands among those of its file."""
    known = [*_SUBJECTS.values()]
    return known.index(subject) if subject in known else len(known)
