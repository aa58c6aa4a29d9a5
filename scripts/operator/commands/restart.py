"""`allora restart`."""

from __future__ import annotations

from typing import Annotated

import typer

from scripts.operator import screen
from scripts.operator.commands.deploy import Pace, Timeout
from scripts.operator.office import open_office


def restart(
    *,
    reboot: Annotated[
        bool, typer.Option("--reboot", help="The whole host, also when it cannot be reached.")
    ] = False,
    timeout: Timeout = 10,
    pace: Pace = 1,
    json: screen.Json = False,
) -> None:
    """Restarts worker and model, which read their secrets anew, and waits until they are ready.

    Exit code 3: the worker needs you; 4: it was not ready in time.
    Example: pipenv run allora restart
    """
    from scripts.operator import restarting  # noqa: PLC0415 - pydantic models
    from scripts.operator.waiting import Patience  # noqa: PLC0415

    result = restarting.restart(open_office(), reboot=reboot, patience=Patience.of(timeout, pace))
    if json:
        screen.result(result)
        return
    # Of a worker image that is not ours, nothing more can be known.
    told = "The worker is ready again" if result["healthy"] else "Worker and model run again"
    screen.out.print(
        f"✔ {told} on {result['instance_id']}. Next: [bold]pipenv run allora status[/]"
    )
