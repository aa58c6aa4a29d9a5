"""`allora restart`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from allora_cli.commands.deploy.deploy import Pace, Timeout
from allora_cli.commands.worker_option import Worker
from allora_cli.errors import ErrorCode, ExitCode, OperatorError
from allora_cli.terminal import console
from allora_cli.terminal.prompts import Answers

if TYPE_CHECKING:
    from allora_cli.context import Context


def restart(
    *,
    reboot: Annotated[
        bool, typer.Option("--reboot", help="Reboot the host, even if it cannot be reached.")
    ] = False,
    worker: Worker = None,
    each: Annotated[
        bool, typer.Option("--all", help="All workers of fleet.toml that are not paused.")
    ] = False,
    yes: console.Yes = False,
    timeout: Timeout = 10,
    pace: Pace = 1,
    json: console.JsonLines = False,
) -> None:
    """Restart worker and model, so that they read their secrets again; wait until they are ready.

    Asks before it does. A fleet's worker gets a new task.
    Exit code 3: the worker needs you; 4: it was not ready in time.

    Example: allora restart
    """
    from allora_cli.context import meant_fleet, open_worker, require_fleet
    from allora_cli.deploy.fleet.restarting import restart_fleet
    from allora_cli.deploy.renderers import run
    from allora_cli.deploy.restarting import restart as workflow
    from allora_cli.deploy.waiting import WaitPolicy

    answers, policy = Answers(yes), WaitPolicy.of(timeout, pace)
    if each:
        _require_alone(worker, reboot=reboot)
        run(restart_fleet(require_fleet(), None, answers, policy=policy), json=json)
        return
    context = open_worker(worker)
    if fleet := meant_fleet(context, worker):
        _refuse_reboot(context, reboot=reboot)
        run(restart_fleet(fleet, worker, answers, policy=policy), json=json)
    else:
        run(workflow(context, answers, reboot=reboot, policy=policy), json=json)


def _require_alone(worker: str | None, *, reboot: bool) -> None:
    if worker or reboot:
        raise OperatorError(
            ErrorCode.USAGE,
            "--all goes without --worker and --reboot.",
            exit_code=ExitCode.USAGE,
        )


def _refuse_reboot(context: Context, *, reboot: bool) -> None:
    from allora_cli.fleet.refusals import not_in_a_fleet

    if reboot:
        raise not_in_a_fleet(
            "allora restart --reboot reboots a host", f"A new task: allora restart{context.option}"
        )
