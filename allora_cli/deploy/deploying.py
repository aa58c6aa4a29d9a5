"""Deploys the worker, and waits until it works."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from allora_cli.aws.other_hosts import find_other_hosts
from allora_cli.context import Context
from allora_cli.deploy.progress import ALL, UNTIL_CONTAINERS
from allora_cli.deploy.waiting import Wait, WaitPolicy
from allora_cli.errors import ErrorCode, ExitCode, OperatorError
from allora_cli.terminal import console
from allora_cli.terraform import cdktf_cli
from allora_cli.terraform.deployment import Deployment, require_deployment
from allora_cli.terraform.state import hosts_in
from allora_cli.terraform.state_objects import require_region, resources_of


def require_doctor() -> None:
    """Examines everything that a deployment needs, and shows it.

    Raises:
        OperatorError: there is a ✘.
    """
    from allora_cli import doctor  # noqa: PLC0415 - it brings much with it

    report = doctor.examine_with_progress()
    doctor.show(report, console.err, next_step=False)
    if not report.healthy:
        raise OperatorError(
            ErrorCode.NOT_READY,
            "Each ✘ above would make the deployment fail, or leave a worker that cannot work. "
            "Nothing was changed. Do what the line says, and run the same command again.",
            exit_code=ExitCode.UNHEALTHY,
        )


def require_only_host(context: Context) -> None:
    """Makes sure that no other instance signs with the worker's wallet, or might.

    Terraform ends the old host before it starts a new one, but knows those in its state alone. Two
    hosts of one worker name have one wallet, and spoil each other's transactions (ADR 17).

    Raises:
        OperatorError: there is one that Terraform does not know, also one that is stopped; or the
            settings name another region than that of the host that it knows.
    """
    settings = context.settings
    known = hosts_in(resources_of(context, "allora-single-node"))
    require_region(context, known)
    ec2 = context.session.client("ec2")
    others = find_other_hosts(ec2, settings.worker_name, known)
    if others:
        raise OperatorError(
            ErrorCode.OTHER_HOST,
            f"Another host of the worker {settings.worker_name!r} is in {settings.aws_region}, "
            f"which Terraform's state in {settings.state_bucket} does not know: "
            f"{', '.join(others)}. Both would sign with the same wallet. Nothing was changed. "
            "If nobody needs it: aws ec2 terminate-instances --instance-ids "
            f"{' '.join(others)} --region {settings.aws_region}. If somebody does: choose another "
            "ALLORA_WORKER_NAME.",
        )


def deploy(context: Context, *, approved: bool, policy: WaitPolicy | None) -> dict[str, Any]:
    """Deploys both stacks, and waits until the chain has accepted a submission.

    Args:
        context: whose worker.
        approved: whether the plan is approved without a look at it.
        policy: how long to wait; None: not at all.

    Returns:
        what came of it, for scripts.

    Raises:
        OperatorError: it failed, or does not work.
    """
    require_only_host(context)
    cdktf_cli.deploy(approved=approved)
    deployment = require_deployment(context)
    result = {"worker_name": context.settings.worker_name} | asdict(deployment)
    if policy is None:
        return result | {"healthy": None}
    return result | wait_for(context, deployment, policy)


def outcome(result: dict[str, Any]) -> str:
    """What came of a deployment, in a sentence."""
    host = f"{result['instance_id']} ({result['public_ip']})"
    match result["healthy"]:
        case True:
            return f"The worker works: {host} has submitted."
        case _ if "seconds" in result:
            return f"Worker and model run on {host}; what they do, their logs alone can tell."
        case _:
            return f"{host} is deployed."


def wait_for(context: Context, deployment: Deployment, policy: WaitPolicy) -> dict[str, Any]:
    """Waits until a worker that is deployed has submitted.

    Raises:
        OperatorError: it does not work.
    """
    foreign = context.settings.worker_image is not None
    goal = (
        f"the containers of {deployment.instance_id} (whether a worker image of your own works, "
        "its logs alone can tell)"
        if foreign
        else f"the first submission of {deployment.instance_id}"
    )
    console.err.print()
    console.err.print(
        f"Waiting for {goal}. Ctrl-C loses nothing: the host goes on, and the same command watches "
        "on.",
        markup=False,
    )
    if cdktf_cli.is_embedded():
        console.err.print(
            "This is the embedded AWS, where no host ever boots: there will be none unless "
            "somebody plays the host. --no-wait does not wait.",
            markup=False,
        )
    steps = UNTIL_CONTAINERS if foreign else ALL
    return Wait(context, deployment.instance_id, policy, steps=steps).run()
