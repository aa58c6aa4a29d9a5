"""`allora restart`."""

from __future__ import annotations

from typing import Annotated

import typer

from allora_cli.commands.deploy import Pace, Timeout
from allora_cli.context import open_office
from allora_cli.terminal import console


def restart(
    *,
    reboot: Annotated[
        bool, typer.Option("--reboot", help="The whole host, also when it cannot be reached.")
    ] = False,
    timeout: Timeout = 10,
    pace: Pace = 1,
    json: console.Json = False,
) -> None:
    """Restarts worker and model, which read their secrets anew, and waits until they are ready.

    Exit code 3: the worker needs you; 4: it was not ready in time.
    Example: pipenv run allora restart
    """
    from allora_cli.deploy import restarting  # noqa: PLC0415 - pydantic models
    from allora_cli.deploy.waiting import Patience  # noqa: PLC0415

    result = restarting.restart(open_office(), reboot=reboot, patience=Patience.of(timeout, pace))
    if json:
        console.result(result)
        return
    # Of a worker image that is not ours, nothing more can be known.
    told = "The worker is ready again" if result["healthy"] else "Worker and model run again"
    console.out.print(
        f"✔ {told} on {result['instance_id']}. Next: [bold]pipenv run allora status[/]"
    )
