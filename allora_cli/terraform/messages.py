"""What Terraform reports while it works, as events.

https://developer.hashicorp.com/terraform/internals/machine-readable-ui
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from allora_cli.events import Event, EventCode
from allora_cli.terraform.plans import Action


class ResourceState(StrEnum):
    """How far Terraform is with a resource."""

    STARTED = "started"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


@dataclass(frozen=True)
class ResourceChanged(Event):
    """Terraform's progress with one resource, and the seconds that it has taken."""

    code = EventCode.RESOURCE
    stack: str
    address: str
    action: Action
    state: ResourceState
    seconds: int


class Severity(StrEnum):
    """How much a message of Terraform's matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class TerraformMessage(Event):
    """Terraform's own words: a warning, an error, or how it ends after Ctrl-C."""

    code = EventCode.TERRAFORM
    stack: str
    severity: Severity
    summary: str
    detail: str = ""
    address: str = ""


@dataclass(frozen=True)
class StackApplied(Event):
    """A plan was carried out."""

    code = EventCode.APPLIED
    stack: str
    added: int
    changed: int
    removed: int


_STATES: Final[Mapping[str, ResourceState]] = {
    "apply_start": ResourceState.STARTED,
    "apply_progress": ResourceState.RUNNING,
    "apply_complete": ResourceState.FINISHED,
    "apply_errored": ResourceState.FAILED,
}


def event_of(stack: str, message: Mapping[str, Any]) -> Event | None:
    """Return the event of a line of Terraform's JSON output; None of one that is of no interest.

    Args:
        stack: the stack that Terraform works on.
        message: the parsed line.
    """
    kind = message["type"]
    if kind in _STATES:
        hook = message["hook"]
        return ResourceChanged(
            stack,
            hook["resource"]["addr"],
            Action(hook["action"]),
            _STATES[kind],
            hook.get("elapsed_seconds", 0),
        )
    if kind == "diagnostic":
        found = message["diagnostic"]
        return TerraformMessage(
            stack,
            Severity(found["severity"]),
            found["summary"],
            found.get("detail", ""),
            found.get("address", ""),
        )
    if kind == "change_summary" and message["changes"]["operation"] != "plan":
        count = message["changes"]
        return StackApplied(stack, count["add"], count["change"], count["remove"])
    if kind == "log":  # how it ends after Ctrl-C
        return TerraformMessage(stack, Severity.INFO, message["@message"].strip())
    return None
