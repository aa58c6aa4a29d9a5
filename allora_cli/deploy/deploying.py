"""Deploys the worker, and waits until it works."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from allora_cli.aws.other_hosts import find_other_hosts
from allora_cli.context import Office
from allora_cli.deploy.progress import ALL, UNTIL_CONTAINERS
from allora_cli.deploy.waiting import Patience, Wait
from allora_cli.errors import ExitCode, OperatorError, Trouble
from allora_cli.terminal import console
from allora_cli.terraform import cdktf_cli
from allora_cli.terraform.deployment import Deployment, the_deployment
from allora_cli.terraform.state import hosts_in
from allora_cli.terraform.state_objects import need_region, resources_of
from shared.stacks import SINGLE_NODE


def need_doctor() -> None:
    """Examines everything that a deployment needs, and shows it.

    Raises:
        OperatorError: there is a ✘.
    """
    from allora_cli import doctor  # noqa: PLC0415 - it brings much with it

    examination = doctor.examine_with_progress()
    doctor.show(examination, console.err, next_step=False)
    if not examination.healthy:
        raise OperatorError(
            Trouble.NOT_READY,
            "Each ✘ above would make the deployment fail, or leave a worker that cannot work. "
            "Nothing was changed. Do what the line says, and run the same command again.",
            exit_code=ExitCode.UNHEALTHY,
        )


def need_only_host(office: Office) -> None:
    """Makes sure that no other instance signs with the worker's wallet, or might.

    Terraform ends the old host before it starts a new one, but knows those in its state alone. Two
    hosts of one worker name have one wallet, and spoil each other's transactions (ADR 17).

    Raises:
        OperatorError: there is one that Terraform does not know, also one that is stopped; or the
            settings name another region than that of the host that it knows.
    """
    settings = office.settings
    known = hosts_in(resources_of(office, SINGLE_NODE))
    need_region(office, known)
    ec2 = office.session.client("ec2")
    others = find_other_hosts(ec2, settings.worker_name, known)
    if others:
        raise OperatorError(
            Trouble.OTHER_HOST,
            f"Another host of the worker {settings.worker_name!r} is in {settings.aws_region}, "
            f"which Terraform's state in {settings.state_bucket} does not know: "
            f"{', '.join(others)}. Both would sign with the same wallet. Nothing was changed. "
            "If nobody needs it: aws ec2 terminate-instances --instance-ids "
            f"{' '.join(others)} --region {settings.aws_region}. If somebody does: choose another "
            "ALLORA_WORKER_NAME.",
        )


def deploy(office: Office, *, approved: bool, patience: Patience | None) -> dict[str, Any]:
    """Deploys both stacks, and waits until the chain has accepted a submission.

    Args:
        office: whose worker.
        approved: whether the plan is approved without a look at it.
        patience: how long to wait; None: not at all.

    Returns:
        what came of it, for scripts.

    Raises:
        OperatorError: it failed, or does not work.
    """
    need_only_host(office)
    cdktf_cli.deploy(approved=approved)
    deployment = the_deployment(office)
    result = {"worker_name": office.settings.worker_name} | asdict(deployment)
    if patience is None:
        return result | {"healthy": None}
    return result | wait_for(office, deployment, patience)


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


def wait_for(office: Office, deployment: Deployment, patience: Patience) -> dict[str, Any]:
    """Waits until a worker that is deployed has submitted.

    Raises:
        OperatorError: it does not work.
    """
    foreign = office.settings.worker_image is not None
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
    return Wait(office, deployment.instance_id, patience, steps=steps).run()
