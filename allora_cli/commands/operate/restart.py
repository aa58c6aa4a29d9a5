"""`allora restart`."""

from __future__ import annotations

from typing import Annotated

import typer

from allora_cli.commands.deploy.deploy import Pace, Timeout
from allora_cli.terminal import console
from allora_cli.terminal.prompts import Answers


def restart(
    *,
    reboot: Annotated[
        bool, typer.Option("--reboot", help="Reboot the host, even if it cannot be reached.")
    ] = False,
    yes: console.Yes = False,
    timeout: Timeout = 10,
    pace: Pace = 1,
    json: console.JsonLines = False,
) -> None:
    """Restart worker and model, so that they read their secrets again; wait until they are ready.

    Asks before it does.
    Exit code 3: the worker needs you; 4: it was not ready in time.

    Example: allora restart
    """
    from allora_cli.deploy.renderers import run
    from allora_cli.deploy.restarting import restart as workflow
    from allora_cli.deploy.waiting import WaitPolicy

    policy = WaitPolicy.of(timeout, pace)
    run(workflow(Answers(yes), reboot=reboot, policy=policy), json=json)
