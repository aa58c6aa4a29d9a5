"""`allora deploy`."""

from __future__ import annotations

from typing import Annotated

import typer

from allora_cli.context import open_office
from allora_cli.terminal import console

NoWait = Annotated[
    bool, typer.Option("--no-wait", help="Do not wait until the worker has submitted.")
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
"""For tests: a factor on all pauses."""


def deploy(
    *,
    no_wait: NoWait = False,
    yes: console.Yes = False,
    timeout: Timeout = 30,
    pace: Pace = 1,
    json: console.Json = False,
) -> None:
    """Deploys the worker, and waits until the chain has accepted its first submission.

    First doctor; then cdktf, which shows its plan and asks; then it follows the host on its way.
    Ctrl-C loses nothing: run it again, and it goes on. When there is nothing to change, it only
    looks whether the worker works. Exit code 3: a ✘, or the worker needs you; 4: not in time.
    Example: pipenv run allora deploy --timeout 60
    """
    from allora_cli.deploy import deploying  # noqa: PLC0415 - pydantic models
    from allora_cli.deploy.waiting import Patience  # noqa: PLC0415
    from allora_cli.terraform import cdktf_cli  # noqa: PLC0415 - pydantic models

    cdktf_cli.need_terminal(approved=yes)
    deploying.need_doctor()
    result = deploying.deploy(
        open_office(), approved=yes, patience=None if no_wait else Patience.of(timeout, pace)
    )
    if json:
        console.result(result)
    else:
        told = deploying.outcome(result)
        console.out.print(f"✔ {told} Next: [bold]pipenv run allora status[/]")
