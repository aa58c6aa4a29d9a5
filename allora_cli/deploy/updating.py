"""Brings a new model, SDK or machine image to the worker, on a new host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from allora_cli.context import Office, open_office
from allora_cli.deploy.deploying import need_only_host, wait_for
from allora_cli.deploy.waiting import Patience
from allora_cli.errors import ExitCode, OperatorError, Trouble
from allora_cli.settings_file import SettingsFile
from allora_cli.terminal import console, prompts
from allora_cli.terraform import cdktf_cli
from allora_cli.terraform.cdktf_cli import Plan
from allora_cli.terraform.deployment import Deployment, the_deployment
from settings import Settings
from settings.images import ubuntu_parameter
from shared.stacks import STACKS

OPTIONS: Final[Mapping[str, str]] = {
    "MODEL_REF": "--model-ref",
    "MODEL_IMAGE": "--model-image",
    "ALLORA_SDK_VERSION": "--sdk-version",
    "AWS_AMI_ID": "--ami",
}
"""The options of `allora update`, by the variable that each one sets."""

LATEST: Final = "latest"


def update(changes: dict[str, str], *, approved: bool, patience: Patience | None) -> dict[str, Any]:
    """Writes new settings and deploys them, after a look at the plan, and waits for the new host.

    Args:
        changes: new values by variable; none of them: what the settings say already.
        approved: whether the plan is approved without a look at it.
        patience: how long to wait; None: not at all.

    Returns:
        what came of it, for scripts.

    Raises:
        OperatorError: it was declined, failed, or does not work.
        SettingsError: the new settings would be wrong. Nothing was written.
    """
    office = open_office()
    before = the_deployment(office)
    cdktf_cli.need_terminal(approved=approved)
    need_only_host(office)
    file = SettingsFile.in_force()
    old = {variable: file.value(variable) for variable in changes}
    if changes.get("AWS_AMI_ID") == LATEST:
        changes["AWS_AMI_ID"] = newest_image(office, office.settings)
    with file.draft(changes) as draft:
        _show_changes(old, changes)
        # Both: whatever else has changed in the settings is deployed along with it.
        plans = [cdktf_cli.plan(stack, env_file=draft.path) for stack in STACKS]
        is_empty = all(plan.is_empty for plan in plans)
        if not is_empty:
            _show_consequences(office, before, plans)
            if not prompts.confirm("Deploy this?", yes=approved):
                raise OperatorError(
                    Trouble.DECLINED, f"Nothing was changed, nor written to {file.path}."
                )
        file.replace_by(draft)
    office = open_office()
    if is_empty:
        console.err.print("There is nothing to change in AWS.")
    else:
        need_only_host(office)  # once more: plan and question may have taken long
        cdktf_cli.deploy(approved=True)
    deployment = the_deployment(office)
    result = {
        "worker_name": office.settings.worker_name,
        "changed": {variable: {"from": old[variable], "to": changes[variable]} for variable in old},
        "replaced": None if deployment.instance_id == before.instance_id else before.instance_id,
    } | asdict(deployment)
    if patience is None:
        return result | {"healthy": None}
    try:
        return result | wait_for(office, deployment, patience)
    except OperatorError as error:
        replaced = {name: value for name, value in old.items() if value != changes[name]}
        if error.exit_code not in {ExitCode.UNHEALTHY, ExitCode.TIMEOUT} or not replaced:
            raise
        raise OperatorError(
            error.trouble, f"{error} {way_back(replaced)}", exit_code=error.exit_code
        ) from error


def newest_image(office: Office, settings: Settings) -> str:
    """The id of Canonical's current Ubuntu image for the worker's architecture."""
    name = ubuntu_parameter(settings.architecture)
    found = office.session.client("ssm").get_parameter(Name=name)
    return found["Parameter"]["Value"]


def way_back(old: Mapping[str, str | None]) -> str:
    """How to get the values that were there before.

    Args:
        old: by variable; None for one that was not set.
    """
    options = [f"{OPTIONS[variable]} {value}" for variable, value in old.items() if value]
    unset = [variable for variable, value in old.items() if not value]
    first = f"remove {', '.join(unset)} from the settings file, then " if unset else ""
    command = " ".join(["pipenv run allora update", *options])
    return f"To go back to what worked before: {first}{command}"


def _show_changes(old: Mapping[str, str | None], new: Mapping[str, str]) -> None:
    for variable, value in new.items():
        before = old[variable]
        if before == value:
            text = f"{variable} is {value} already."
        else:
            text = f"{variable}: {before or '(not set)'} → {value}"
        console.err.print(text, markup=False)


def _show_consequences(office: Office, deployment: Deployment, plans: list[Plan]) -> None:
    if not any(plan.replaces_host for plan in plans):
        console.err.print("The host stays; only what the plan shows is changed.")
        return
    volume = ", and the data volume" if office.settings.data_volume else ""
    old = deployment.instance_id
    for text in (
        f"The host {old} is replaced: it ends, and only then the new one starts.",
        "So the wallet never signs twice, and nothing is submitted for some minutes.",
        f"What stays: the address {deployment.public_ip}, wallet and secrets, the logs{volume}.",
        "What goes: the host's own disk, with all that the model has written there.",
    ):
        console.err.print(text, markup=False)
