"""`allora update`."""

from __future__ import annotations

from typing import Annotated

import typer

from allora_cli.commands.deploy import NoWait, Pace, Timeout
from allora_cli.terminal import console


def update(
    *,
    model_ref: Annotated[
        str | None, typer.Option(metavar="REF", help="MODEL_REF: a branch, a tag or a commit.")
    ] = None,
    model_image: Annotated[
        str | None, typer.Option(metavar="IMAGE", help="MODEL_IMAGE: an image that exists.")
    ] = None,
    sdk_version: Annotated[
        str | None, typer.Option(metavar="VERSION", help="ALLORA_SDK_VERSION: 1.3.0, for example.")
    ] = None,
    ami: Annotated[
        str | None,
        typer.Option(metavar="AMI_ID", help="AWS_AMI_ID; latest: Canonical's current Ubuntu."),
    ] = None,
    yes: console.Yes = False,
    no_wait: NoWait = False,
    timeout: Timeout = 30,
    pace: Pace = 1,
    json: console.Json = False,
) -> None:
    """Brings a new model, SDK or machine image to the worker, on a new host.

    Shows the plan, asks, writes the settings file, deploys, and waits until the new host has
    submitted. Without options it deploys what the settings file says now.
    Example: pipenv run allora update --model-ref v1.1
    """
    from allora_cli.deploy import deploying, updating  # noqa: PLC0415 - pydantic models
    from allora_cli.deploy.waiting import Patience  # noqa: PLC0415

    given = {
        "MODEL_REF": model_ref,
        "MODEL_IMAGE": model_image,
        "ALLORA_SDK_VERSION": sdk_version,
        "AWS_AMI_ID": ami,
    }
    result = updating.update(
        {variable: value for variable, value in given.items() if value is not None},
        approved=yes,
        patience=None if no_wait else Patience.of(timeout, pace),
    )
    if json:
        console.result(result)
        return
    told = deploying.outcome(result)
    console.out.print(f"✔ {told} Next: [bold]pipenv run allora status[/]")
