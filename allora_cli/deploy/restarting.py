"""Restart worker and model, or the host, and wait until the worker is ready again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from allora_cli.aws.queries import PATIENCE
from allora_cli.context import Context
from allora_cli.deploy.events import Restarted, RestartPlanned, RestartResult
from allora_cli.deploy.progress import AFTER_RESTART, Step
from allora_cli.deploy.waiting import Wait, WaitPolicy
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.events import Phase, Workflow, Working
from allora_cli.terminal.prompts import Answers
from allora_cli.terraform.deployment import require_deployment

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

_COMMANDS: Final = (
    "systemctl stop allora",
    # A service that was still starting leaves its containers running when it is stopped.
    "/opt/allora/bin/compose.sh stop",
    # Without waiting, for as long as images take to be built: how it goes on is in the logs.
    "systemctl start --no-block allora",
)
_DELIVERED_WITHIN: Final = timedelta(seconds=60)
_POLL_SECONDS: Final = 1.0
_UNDER_WAY: Final = {"Pending", "InProgress", "Delayed"}
_NOT_DELIVERED: Final = {"DeliveryTimedOut", "Undeliverable", "Terminated", "Delayed"}
"""Without spaces: AWS documents "Delivery Timed Out", and answers "DeliveryTimedOut" as well."""


def restart(
    context: Context, answers: Answers, *, reboot: bool, policy: WaitPolicy
) -> Workflow[RestartResult]:
    """Restart the service through Systems Manager, or the host through EC2; then wait.

    Args:
        context: whose host.
        answers: whether it may be restarted.
        reboot: whether the host itself is restarted.
        policy: how long to wait.

    Raises:
        OperatorError: it was declined, is not deployed, cannot be reached, or does not come back.
    """
    deployment = require_deployment(context)
    answers.require_possible()
    yield RestartPlanned(context.settings.worker_name, deployment.instance_id, reboot)
    if not answers.confirm("Restart it?"):
        raise OperatorError(
            ErrorCode.DECLINED, "Nothing was restarted. To be asked again, run the same command."
        )
    if reboot:
        since = _reboot(context, deployment.instance_id)
    else:
        yield Working(Phase.RESTART)
        since = _restart_service(context, deployment.instance_id)
    yield Restarted(deployment.instance_id, reboot)
    steps = (Step.CONTAINERS,) if context.settings.worker_image else AFTER_RESTART
    wait = Wait(context, deployment.instance_id, policy, steps=steps, since=since)
    return RestartResult(
        context.settings.worker_name, **asdict(deployment), ready=(yield from wait.run())
    )


def _reboot(context: Context, instance_id: str) -> datetime:
    ec2 = context.session.client("ec2", config=PATIENCE)
    answer = ec2.reboot_instances(InstanceIds=[instance_id])
    return _time_of(answer)


def _restart_service(context: Context, instance_id: str) -> datetime:
    """Run the commands on the host.

    It comes over the channel that Session Manager uses as well (`ssmmessages`, since version 3.3.40
    of the agent), so that the host's role needs no more for it than it has.
    https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-setting-up-messageAPIs.html
    """
    ssm = context.session.client("ssm", config=PATIENCE)
    try:
        sent = ssm.send_command(
            InstanceIds=[instance_id],
            DocumentName="AWS-RunShellScript",
            Comment="allora restart",
            Parameters={"commands": list(_COMMANDS)},
            TimeoutSeconds=int(_DELIVERED_WITHIN.total_seconds()),
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "InvalidInstanceId":
            raise _out_of_reach(context, instance_id) from error
        raise
    _wait_for_command(context, ssm, instance_id, str(sent["Command"]["CommandId"]))
    return _time_of(sent)


def _wait_for_command(context: Context, ssm: SSMClient, instance_id: str, command_id: str) -> None:
    until = time.monotonic() + 2 * _DELIVERED_WITHIN.total_seconds()
    while time.monotonic() < until:
        try:
            found = ssm.get_command_invocation(CommandId=command_id, InstanceId=instance_id)
        except ssm.exceptions.InvocationDoesNotExist:  # not yet
            time.sleep(_POLL_SECONDS)
            continue
        if found["Status"] == "Success":
            return
        if found["Status"] not in _UNDER_WAY:
            if found["StatusDetails"].replace(" ", "") in _NOT_DELIVERED:
                break
            said = found.get("StandardErrorContent", "").strip() or found["StatusDetails"]
            raise OperatorError(
                ErrorCode.RESTART_FAILED,
                f"The host could not restart the service: {said}. Restart the host: "
                f"allora restart --reboot{context.option}",
            )
        time.sleep(_POLL_SECONDS)
    raise _out_of_reach(context, instance_id)


def _out_of_reach(context: Context, instance_id: str) -> OperatorError:
    return OperatorError(
        ErrorCode.SESSION_MANAGER,
        f"Systems Manager does not reach the host {instance_id}: its agent does not run (yet), or "
        "has no way out. Nothing was restarted. Restart the host itself, which needs no agent: "
        f"allora restart --reboot{context.option}",
    )


def _time_of(answer: Mapping[str, Any]) -> datetime:
    """When AWS answered, by its own clock."""
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return parsedate_to_datetime(date) if date else datetime.now(UTC)
