"""Restart workers of a fleet: ECS ends each task, then starts another one."""

from __future__ import annotations

from typing import Final

from allora_cli.context import FleetContext
from allora_cli.deploy.fleet.events import FleetRestarted, FleetRestartPlanned, FleetResult
from allora_cli.deploy.fleet.waiting import wait_for_fleet
from allora_cli.deploy.waiting import WaitPolicy
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.events import Phase, Workflow, Working
from allora_cli.fleet.tasks import Ecs
from allora_cli.terminal.prompts import Answers
from settings.fleet import Fleet, FleetWorker
from settings.fleet_file import FLEET_FILE

_PAUSED: Final = ("Paused", f"To start: remove `paused` from {FLEET_FILE}, then: allora deploy")
_NOT_DEPLOYED: Final = ("Not deployed", "To deploy: allora deploy")


def restart_fleet(
    fleet: FleetContext, worker: str | None, answers: Answers, *, policy: WaitPolicy
) -> Workflow[FleetResult]:
    """Have workers read their secrets again, in a new task; then wait until ECS runs it.

    Args:
        fleet: Whose workers.
        worker: The only one to restart; None for all.
        answers: Whether they may be restarted.
        policy: How long to wait.

    Raises:
        OperatorError: It was declined, nothing runs, or a task does not come back.
    """
    ecs = Ecs(fleet)
    workers = _running(fleet, ecs, worker)
    names = tuple(each.name for each in workers)
    answers.require_possible()
    yield FleetRestartPlanned(fleet.names.fleet, names)
    if not answers.confirm("Restart them?" if len(names) > 1 else "Restart it?"):
        raise OperatorError(
            ErrorCode.DECLINED, "Nothing was restarted. To be asked again, run the same command."
        )
    yield Working(Phase.RESTART_TASKS)
    for name in names:
        ecs.restart(name)
    yield FleetRestarted(fleet.names.fleet, names)
    states = yield from wait_for_fleet(fleet.shared, Fleet(workers), policy)
    return FleetResult(fleet.names.fleet, states, instance_id=None)


def _running(fleet: FleetContext, ecs: Ecs, worker: str | None) -> tuple[FleetWorker, ...]:
    """Return the workers that are deployed and not paused.

    Raises:
        OperatorError: There are none.
    """
    wanted = fleet.fleet.workers if worker is None else (fleet.worker(worker),)
    desired = {each.worker: each.desired for each in ecs.services([each.name for each in wanted])}
    running = tuple(each for each in wanted if desired.get(each.name))
    if running:
        return running
    names = ", ".join(each.name for each in wanted)
    obstacle, remedy = _PAUSED if desired else _NOT_DEPLOYED
    raise OperatorError(
        ErrorCode.NOT_DEPLOYED,
        f"{obstacle}: {names}. Nothing was restarted. {remedy}",
    )
