"""A shell on the host, through Session Manager: no port, no key."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Final, NamedTuple

from allora_cli.aws.instances import find_instance, start_command
from allora_cli.context import Context
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.terraform.deployment import require_deployment

_USER_GUIDE = "https://docs.aws.amazon.com/systems-manager/latest/userguide"


class Tool(NamedTuple):
    """A program of AWS, and the page that says how to install it."""

    name: str
    page: str


TOOLS: Final[Mapping[str, Tool]] = {
    "aws": Tool(
        "AWS CLI",
        "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html",
    ),
    "session-manager-plugin": Tool(
        "Session Manager plugin",
        f"{_USER_GUIDE}/session-manager-working-with-install-plugin.html",
    ),
}
"""What the command needs, by its programs."""


def session_command(context: Context) -> list[str]:
    """The command that opens a shell on the host.

    Raises:
        OperatorError: there is no host, or it does not run.
    """
    settings, id_ = context.settings, require_deployment(context).instance_id
    instance = find_instance(context.session.client("ec2"), id_)
    state = instance["State"]["Name"] if instance else "gone"
    if state != "running":
        remedy = (
            f"Start it: {start_command(id_, settings.aws_region)}"
            if state.startswith("stop")
            else "To make a new one: allora deploy"
        )
        raise OperatorError(ErrorCode.INSTANCE_DOWN, f"The instance {id_} is {state}. {remedy}")
    command = ["aws", "ssm", "start-session", "--target", id_, "--region", settings.aws_region]
    return [*command, "--profile", settings.aws_profile] if settings.aws_profile else command


def need_tools() -> None:
    """Raises an OperatorError where a program is missing that the command needs."""
    for program, tool in TOOLS.items():
        if shutil.which(program) is None:
            raise OperatorError(
                ErrorCode.NOT_INSTALLED,
                f"The {tool.name} is not installed. Install it: {tool.page}",
            )
