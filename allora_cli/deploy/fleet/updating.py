"""Bring a new model or SDK to a worker of a fleet, in a new task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from allora_cli.context import Context
from allora_cli.deploy.deploying import approval, followed_by, settled
from allora_cli.deploy.events import SettingChanged
from allora_cli.deploy.fleet.events import FleetUpdateResult
from allora_cli.deploy.fleet.waiting import states_of, wait_for_fleet
from allora_cli.deploy.recovery.states import recover
from allora_cli.deploy.stacks import bring_up_to_date
from allora_cli.deploy.waiting import WaitPolicy
from allora_cli.events import Workflow
from allora_cli.fleet.file import FleetFile
from allora_cli.terminal.prompts import Answers
from settings.fleet import Fleet
from settings.names import FleetNames


def update_worker(
    context: Context,
    worker: str,
    changes: Mapping[str, str],
    answers: Answers,
    *,
    policy: WaitPolicy | None,
) -> Workflow[FleetUpdateResult]:
    """Plan with new values in `fleet.toml`, write them once approved, apply, and wait.

    Args:
        context: The account and region.
        worker: The worker's name.
        changes: New values by variable; none of them: what the file says already.
        answers: Whether the changes may be made.
        policy: How long to wait; None: not at all.

    Raises:
        OperatorError: It was declined, failed, or does not work.
        SettingsError: The new values would be wrong. Nothing was written.
    """
    file = FleetFile.in_force(worker)
    answers.require_possible()
    was_killed = yield from recover(context, answers)
    old = {variable: file.value(variable) for variable in changes}
    with file.draft(changes) as draft:
        context = replace(context, fleet=draft.fleet)
        yield from (SettingChanged(name, old[name], value) for name, value in changes.items())
        approve = followed_by(approval(context, answers), lambda: file.replace_by(draft))
        settle = settled(context, answers, was_killed=was_killed)
        yield from bring_up_to_date(context, settle, approve, env_file=draft.env_file)
        file.replace_by(draft)
    one = Fleet(tuple(each for each in draft.fleet.workers if each.name == worker))
    if policy is None:
        states = states_of(context, one)
    else:
        states = yield from wait_for_fleet(context, one, policy)
    return FleetUpdateResult(
        FleetNames(context.settings).fleet,
        states,
        instance_id=None,
        changed={name: {"from": old[name], "to": value} for name, value in changes.items()},
    )
