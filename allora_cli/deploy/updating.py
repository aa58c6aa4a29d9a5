"""Bring a new model, SDK or machine image to the worker, on a new host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Final

from allora_cli.context import Context
from allora_cli.deploy.deploying import approval, followed_by, settled, wait_for
from allora_cli.deploy.events import SettingChanged, UpdateResult
from allora_cli.deploy.recovery.states import recover
from allora_cli.deploy.stacks import bring_up_to_date
from allora_cli.deploy.waiting import WaitPolicy
from allora_cli.errors import ExitCode, OperatorError
from allora_cli.events import Workflow
from allora_cli.settings_file import SettingsFile
from allora_cli.terminal.prompts import Answers
from allora_cli.terraform.deployment import require_deployment
from settings.images import ubuntu_parameter
from settings.names import Names

OPTIONS: Final[Mapping[str, str]] = {
    "MODEL_REF": "--model-ref",
    "MODEL_IMAGE": "--model-image",
    "ALLORA_SDK_VERSION": "--sdk-version",
    "AWS_AMI_ID": "--ami",
}
"""The options of `allora update`, by the variable that each one sets."""

LATEST: Final = "latest"


def update(
    context: Context, changes: Mapping[str, str], answers: Answers, *, policy: WaitPolicy | None
) -> Workflow[UpdateResult]:
    """Plan with new settings, write them once approved, apply, and wait for the new host.

    Args:
        context: whose host.
        changes: new values by variable; none of them: what the settings say already.
        answers: whether the changes may be made.
        policy: how long to wait; None: not at all.

    Raises:
        OperatorError: it was declined, failed, or does not work.
        SettingsError: the new settings would be wrong. Nothing was written.
    """
    file = SettingsFile.in_force()
    was_killed = yield from recover(context, answers)
    before = require_deployment(context)
    answers.require_possible()
    new = _resolved(context, changes)
    old = {variable: file.value(variable) for variable in new}
    with file.draft(new, OPTIONS) as draft:
        context = replace(context, settings=draft.settings, names=Names(draft.settings))
        yield from (SettingChanged(name, old[name], value) for name, value in new.items())
        approve = followed_by(approval(context, answers), lambda: file.replace_by(draft))
        settle = settled(context, answers, was_killed=was_killed)
        yield from bring_up_to_date(context, settle, approve, env_file=draft.path)
        file.replace_by(draft)
    deployment = require_deployment(context)
    try:
        ready = None if policy is None else (yield from wait_for(context, deployment, policy))
    except OperatorError as error:
        raise _with_way_back(error, old, new, context.option) from error
    return UpdateResult(
        context.settings.worker_name,
        **asdict(deployment),
        ready=ready,
        changed={name: {"from": old[name], "to": value} for name, value in new.items()},
        replaced=None if deployment.instance_id == before.instance_id else before.instance_id,
    )


def newest_image(context: Context) -> str:
    """Return the id of Canonical's current Ubuntu image for the worker's architecture."""
    name = ubuntu_parameter(context.settings.architecture)
    found = context.session.client("ssm").get_parameter(Name=name)
    return found["Parameter"]["Value"]


def way_back(old: Mapping[str, str | None], option: str) -> str:
    """Return how to get the values that were there before.

    Args:
        old: by variable; None for one that was not set.
        option: `Context.option`.
    """
    options = [f"{OPTIONS[variable]} {value}" for variable, value in old.items() if value]
    unset = [variable for variable, value in old.items() if not value]
    first = f"remove {', '.join(unset)} from the settings file, then " if unset else ""
    command = " ".join(["allora update", *options])
    return f"To go back to what worked before: {first}{command}{option}"


def _resolved(context: Context, changes: Mapping[str, str]) -> dict[str, str]:
    if changes.get("AWS_AMI_ID") != LATEST:
        return dict(changes)
    return {**changes, "AWS_AMI_ID": newest_image(context)}


def _with_way_back(
    error: OperatorError, old: Mapping[str, str | None], new: Mapping[str, str], option: str
) -> OperatorError:
    replaced = {name: value for name, value in old.items() if value != new[name]}
    if error.exit_code not in {ExitCode.UNHEALTHY, ExitCode.TIMEOUT} or not replaced:
        return error
    return OperatorError(
        error.code, f"{error} {way_back(replaced, option)}", exit_code=error.exit_code
    )
