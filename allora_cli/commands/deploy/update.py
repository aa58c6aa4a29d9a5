"""`allora update`."""

from __future__ import annotations

from typing import Annotated

import typer

from allora_cli.commands.deploy.deploy import NoWait, Pace, Timeout
from allora_cli.commands.worker_option import Worker
from allora_cli.terminal import console
from allora_cli.terminal.prompts import Answers


def update(
    *,
    model_ref: Annotated[
        str | None, typer.Option(metavar="REF", help="MODEL_REF: a branch, a tag or a commit.")
    ] = None,
    model_image: Annotated[
        str | None, typer.Option(metavar="IMAGE", help="MODEL_IMAGE: a published image.")
    ] = None,
    sdk_version: Annotated[
        str | None, typer.Option(metavar="VERSION", help="ALLORA_SDK_VERSION, such as 1.3.0.")
    ] = None,
    ami: Annotated[
        str | None,
        typer.Option(metavar="AMI_ID", help="AWS_AMI_ID, or latest: Canonical's current Ubuntu."),
    ] = None,
    worker: Worker = None,
    yes: console.Yes = False,
    plan: console.Plan = False,
    no_wait: NoWait = False,
    timeout: Timeout = 30,
    pace: Pace = 1,
    json: console.JsonLines = False,
) -> None:
    """Deploy a new model, SDK or machine image, on a new host or to a worker of fleet.toml.

    Sums up what changes, asks, changes the settings file, deploys, and waits until the new host has
    submitted. Without options, it deploys the settings file as it is.

    Example: allora update --model-ref v1.1
    """
    from allora_cli.context import open_worker
    from allora_cli.deploy.fleet.updating import update_worker
    from allora_cli.deploy.renderers import run
    from allora_cli.deploy.updating import update as workflow
    from allora_cli.deploy.waiting import WaitPolicy

    given = {
        "MODEL_REF": model_ref,
        "MODEL_IMAGE": model_image,
        "ALLORA_SDK_VERSION": sdk_version,
        "AWS_AMI_ID": ami,
    }
    changes = {variable: value for variable, value in given.items() if value is not None}
    policy = None if no_wait else WaitPolicy.of(timeout, pace)
    context = open_worker(worker)
    if worker and context.is_in_fleet:
        _refuse_machine_image(ami)
        todo = update_worker(context.shared, worker, changes, Answers(yes), policy=policy)
        run(todo, json=json, plan=plan)
    else:
        run(workflow(context, changes, Answers(yes), policy=policy), json=json, plan=plan)


def _refuse_machine_image(ami: str | None) -> None:
    from allora_cli.fleet.refusals import not_in_a_fleet

    if ami is not None:
        raise not_in_a_fleet(
            "allora update --ami chooses a host's machine image", "AWS keeps Fargate up to date."
        )
