"""`allora deploy`."""

from __future__ import annotations

from typing import Annotated

import typer

from allora_cli.terminal import console
from allora_cli.terminal.prompts import Answers

NoWait = Annotated[
    bool, typer.Option("--no-wait", help="Do not wait for the worker's first submission.")
]
"""The option of every command that deploys."""

Timeout = Annotated[
    float,
    typer.Option(
        "--timeout", metavar="MINUTES", min=0, help="How long to wait; then the exit code is 4."
    ),
]
"""The option of every command that waits."""

Pace = Annotated[float, typer.Option(hidden=True, min=0)]
"""A factor on all pauses, for tests."""


def deploy(
    *,
    no_wait: NoWait = False,
    yes: console.Yes = False,
    plan: console.Plan = False,
    timeout: Timeout = 30,
    pace: Pace = 1,
    json: console.JsonLines = False,
) -> None:
    """Deploy the worker, and wait until the chain has accepted its first submission.

    Runs the checks of doctor, sums up what changes and what it costs, asks, deploys, and follows
    the host. With a fleet.toml, builds the images that are missing, and waits until ECS runs its
    workers. Creates the state bucket if there is none. After Ctrl-C, run it again to continue.
    Without changes, it only checks that the worker works.
    Exit code 3: a ✘, or the worker needs you; 4: not in time.

    Example: allora deploy --timeout 60
    """
    from allora_cli.deploy.deploying import deploy as workflow
    from allora_cli.deploy.renderers import run
    from allora_cli.deploy.waiting import WaitPolicy

    policy = None if no_wait else WaitPolicy.of(timeout, pace)
    run(workflow(Answers(yes), policy=policy), json=json, plan=plan)
