"""A shell on the host, through Session Manager: no port, no key."""

from __future__ import annotations

import shutil

from allora_cli.aws.instances import find_instance
from allora_cli.context import Context
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.terraform.deployment import require_deployment

_USER_GUIDE = "https://docs.aws.amazon.com/systems-manager/latest/userguide"

_TOOLS = {
    "aws": (
        "The AWS CLI is not installed",
        "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html",
    ),
    "session-manager-plugin": (
        "The AWS CLI's Session Manager plugin is not installed",
        f"{_USER_GUIDE}/session-manager-working-with-install-plugin.html",
    ),
}


def session_command(context: Context) -> list[str]:
    """The command that opens a shell on the host.

    Raises:
        OperatorError: there is no host, or it does not run.
    """
    id_ = require_deployment(context).instance_id
    instance = find_instance(context.session.client("ec2"), id_)
    state = instance["State"]["Name"] if instance else "gone"
    if state != "running":
        remedy = (
            f"Start it: aws ec2 start-instances --instance-ids {id_}"
            if state.startswith("stop")
            else "To make a new one: allora deploy"
        )
        raise OperatorError(ErrorCode.INSTANCE_DOWN, f"The instance {id_} is {state}. {remedy}")
    settings = context.settings
    command = ["aws", "ssm", "start-session", "--target", id_, "--region", settings.aws_region]
    return [*command, "--profile", settings.aws_profile] if settings.aws_profile else command


def need_tools() -> None:
    """Raises an OperatorError where a program is missing that the command needs."""
    for tool, (sentence, page) in _TOOLS.items():
        if shutil.which(tool) is None:
            raise OperatorError(ErrorCode.NOT_INSTALLED, f"{sentence}. Install it: {page}")
