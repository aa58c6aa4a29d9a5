"""Restarts worker and model, or the host, and waits until the worker is ready again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from allora_cli.aws.queries import PATIENCE
from allora_cli.context import Office
from allora_cli.deploy.progress import AFTER_RESTART, Step
from allora_cli.deploy.waiting import Patience, Wait
from allora_cli.errors import OperatorError, Trouble
from allora_cli.terminal import console
from allora_cli.terraform.deployment import the_deployment

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
_NOT_DELIVERED: Final = {"Delivery Timed Out", "Undeliverable", "Terminated", "Delayed"}


def restart(office: Office, *, reboot: bool, patience: Patience) -> dict[str, Any]:
    """Restarts the service through Systems Manager, or the host through EC2; then waits.

    Args:
        office: whose worker.
        reboot: whether the host itself is restarted.
        patience: how long to wait.

    Returns:
        what came of it, for scripts.

    Raises:
        OperatorError: it is not deployed, cannot be reached, or does not come back.
    """
    deployment = the_deployment(office)
    since = (
        _reboot(office, deployment.instance_id)
        if reboot
        else _restart_service(office, deployment.instance_id)
    )
    console.err.print(
        "Restarted. Waiting until the worker is ready; Ctrl-C loses nothing.", markup=False
    )
    steps = (Step.CONTAINERS,) if office.settings.worker_image else AFTER_RESTART
    wait = Wait(office, deployment.instance_id, patience, steps=steps, since=since)
    return {"worker_name": office.settings.worker_name} | asdict(deployment) | wait.run()


def _reboot(office: Office, instance_id: str) -> datetime:
    ec2 = office.session.client("ec2", config=PATIENCE)
    answer = ec2.reboot_instances(InstanceIds=[instance_id])
    return _time_of(answer)


def _restart_service(office: Office, instance_id: str) -> datetime:
    """Runs the commands on the host.

    It comes over the channel that Session Manager uses as well (`ssmmessages`, since version 3.3.40
    of the agent), so that the host's role needs no more for it than it has.
    https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-setting-up-messageAPIs.html
    """
    ssm = office.session.client("ssm", config=PATIENCE)
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
            raise _out_of_reach(instance_id) from error
        raise
    with console.working("Restarting the service on the host"):
        _wait_for_command(office, instance_id, str(sent["Command"]["CommandId"]))
    return _time_of(sent)


def _wait_for_command(office: Office, instance_id: str, command_id: str) -> None:
    ssm = office.session.client("ssm", config=PATIENCE)
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
            if found["StatusDetails"] in _NOT_DELIVERED:
                break
            said = found.get("StandardErrorContent", "").strip() or found["StatusDetails"]
            raise OperatorError(
                Trouble.RESTART_FAILED,
                f"The host could not restart the service: {said}. Restart the host: "
                "pipenv run allora restart --reboot",
            )
        time.sleep(_POLL_SECONDS)
    raise _out_of_reach(instance_id)


def _out_of_reach(instance_id: str) -> OperatorError:
    return OperatorError(
        Trouble.SESSION_MANAGER,
        f"Systems Manager does not reach the host {instance_id}: its agent does not run (yet), or "
        "has no way out. Nothing was restarted. Restart the host itself, which needs no agent: "
        "pipenv run allora restart --reboot",
    )


def _time_of(answer: Mapping[str, Any]) -> datetime:
    """When AWS answered, by its own clock."""
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return parsedate_to_datetime(date) if date else datetime.now(UTC)
