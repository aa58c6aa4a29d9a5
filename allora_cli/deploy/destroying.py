"""Takes a worker down, and knows what stays on purpose, what that costs, and how to remove it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from allora_cli.context import Office
from allora_cli.errors import OperatorError, Trouble
from allora_cli.terminal import console, prompts
from allora_cli.terraform import cdktf_cli
from allora_cli.terraform.state import hosts_in
from allora_cli.terraform.state_objects import (
    delete_bucket,
    foreign_keys,
    held_locks,
    need_region,
    resources_of,
)
from allora_cli.wallet.store import find_wallet
from shared.stacks import STACKS

_DELETED_AT_ONCE: Final = 10
"""https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeleteParameters.html"""

_SNAPSHOT_USD: Final = 0.05
"""A GiB and month, us-east-1: https://aws.amazon.com/ebs/pricing/"""


@dataclass(frozen=True)
class Leftover:
    """Something that stays.

    Attributes:
        what: its name.
        cost: what it costs, in words.
        remedy: the command that removes it.
    """

    what: str
    cost: str
    remedy: str


def destroy(
    office: Office, *, approved: bool, everything: bool, address: str | None
) -> dict[str, Any]:
    """Takes both stacks down; with `everything` also what is kept for the next deployment.

    Args:
        office: whose worker.
        approved: whether the worker's name need not be typed in.
        everything: also secrets, snapshots and the state bucket.
        address: the wallet's, in place of typing it in.

    Returns:
        what came of it, for scripts.

    Raises:
        OperatorError: it was declined, or failed; or the host is in another region.
    """
    resources = [resource for stack in STACKS for resource in resources_of(office, stack)]
    need_region(office, hosts_in(resources))
    if resources:
        _show_what_goes(resources)
    else:
        console.err.print(
            f"Nothing is deployed: the worker {office.settings.worker_name!r} has no stack in "
            f"{office.settings.state_bucket}.",
            markup=False,
        )
    if everything:
        _show("Also, because of --everything:", leftovers(office))
    if resources or everything:
        _need_name(office, approved=approved)
    if everything:
        _need_address(office, address)
    if resources:
        cdktf_cli.destroy()
    kept = _remove_everything(office) if everything else ""
    left = leftovers(office)
    if left:
        _show("What is left, on purpose:", left)
    if kept:
        console.err.print(kept, markup=False, style="yellow")
    return {
        "worker_name": office.settings.worker_name,
        "destroyed": bool(resources),
        "left": [asdict(each) for each in left],
    }


def leftovers(office: Office) -> list[Leftover]:
    """What outlives the stacks, and is there."""
    return [*_secrets_left(office), *_snapshots_left(office), *_bucket_left(office)]


# --- what goes


def _show_what_goes(resources: list[dict[str, Any]]) -> None:
    console.err.print("What goes:", style="bold")
    for text in _goes(resources):
        console.err.print(f"  {text}", markup=False)


def _goes(resources: list[dict[str, Any]]) -> Iterator[str]:
    """In words; what nobody would miss is in a number."""
    rest = 0
    for resource in resources:
        values = resource["values"]
        match resource["type"]:
            case "aws_instance":
                yield f"the instance {values['id']}, with its disk"
            case "aws_eip":
                yield f"the address {values['public_ip']}; another deployment gets another one"
            case "aws_ebs_volume":
                snapshot = (
                    "a last snapshot of it is made"
                    if values.get("final_snapshot")
                    else "with all that is on it"
                )
                yield f"the data volume {values['id']}, {values['size']} GiB; {snapshot}"
            case "aws_cloudwatch_log_group":
                yield f"the log group {values['name']}, with all its logs"
            case _:
                rest += 1
    yield f"and {rest} other resources: network, role, dashboard, alarms and the like"


# --- what stays


def _secrets_left(office: Office) -> Iterator[Leftover]:
    names = _secret_names(office)
    if names:
        command = f"aws ssm delete-parameters --region {office.settings.aws_region} --names"
        yield Leftover(
            f"the wallet and the secrets: {', '.join(names)}"
            if office.names.wallet in names
            else f"the secrets: {', '.join(names)}",
            "free",
            f"{command} {' '.join(names)} (first: pipenv run allora backup)",
        )


def _secret_names(office: Office) -> list[str]:
    pages = office.session.client("ssm").get_paginator("get_parameters_by_path")
    found = pages.paginate(Path=office.names.secrets_prefix, Recursive=True)
    return sorted(parameter["Name"] for page in found for parameter in page["Parameters"])


def _snapshots_left(office: Office) -> Iterator[Leftover]:
    for id_, gib in _snapshots(office):
        yield Leftover(
            f"the snapshot {id_} of the data volume",
            f"at most {gib * _SNAPSHOT_USD:.2f} USD a month, for {gib} GiB",
            f"aws ec2 delete-snapshot --region {office.settings.aws_region} --snapshot-id {id_}",
        )


def _snapshots(office: Office) -> Iterator[tuple[str, int]]:
    settings = office.settings
    filters = {"Worker": settings.worker_name, "Project": settings.name_prefix}
    pages = office.session.client("ec2").get_paginator("describe_snapshots")
    for page in pages.paginate(
        OwnerIds=[settings.aws_account_id],
        Filters=[{"Name": f"tag:{tag}", "Values": [value]} for tag, value in filters.items()],
    ):
        for snapshot in page["Snapshots"]:
            yield snapshot["SnapshotId"], snapshot["VolumeSize"]


def _bucket_left(office: Office) -> Iterator[Leftover]:
    if foreign_keys(office) is not None:
        yield Leftover(
            f"the state bucket {office.settings.state_bucket}, with the states' old versions",
            "cents",
            "pipenv run allora destroy --everything, or docs/state.md#remove-the-bucket",
        )


def _show(title: str, left: list[Leftover]) -> None:
    console.err.print(title, style="bold")
    for each in left:
        console.err.print(f"  {each.what}: {each.cost}", markup=False)
        console.err.print(f"    remove: {each.remedy}", markup=False, style="dim")
    if not left:
        console.err.print("  nothing")


# --- consent


def _need_name(office: Office, *, approved: bool) -> None:
    name = office.settings.worker_name
    if approved:
        return
    typed = prompts.ask(
        f"To go on, type the worker's name, {name}", instead="To go on without a question: --yes."
    )
    if typed != name:
        raise OperatorError(
            Trouble.TYPED_OTHERWISE, f"That is not the worker's name, {name}. Nothing was changed."
        )


def _need_address(office: Office, address: str | None) -> None:
    wallet = find_wallet(office)
    if wallet is None or wallet.address is None:
        return
    if address is None:
        console.err.print(
            f"The wallet {wallet.address} would be gone, and its coins with it, unless you have "
            "its words or a backup: pipenv run allora backup",
            markup=False,
            style="red",
        )
        address = prompts.ask(
            "To remove it, type its address",
            instead="Name the wallet that is removed: --address allo1…",
        )
    if address != wallet.address:
        raise OperatorError(
            Trouble.TYPED_OTHERWISE,
            f"That is not the wallet's address, which is {wallet.address}. Nothing was changed.",
        )


# --- everything


def _remove_everything(office: Office) -> str:
    """Removes what is kept otherwise; the bucket last, so that another run finds the rest.

    Returns:
        why something was kept all the same.
    """
    with console.working("Removing secrets, snapshots and the state bucket"):
        ssm = office.session.client("ssm")
        names = _secret_names(office)
        for begin in range(0, len(names), _DELETED_AT_ONCE):
            ssm.delete_parameters(Names=names[begin : begin + _DELETED_AT_ONCE])
        ec2 = office.session.client("ec2")
        for id_, _ in _snapshots(office):
            ec2.delete_snapshot(SnapshotId=id_)
        return _remove_bucket(office)


def _remove_bucket(office: Office) -> str:
    bucket = office.settings.state_bucket
    others = foreign_keys(office)
    if others is None:
        return ""
    if others:
        shown = json.dumps(others[:5])
        return f"The bucket {bucket} was kept, because others use it: it holds {shown}"
    if any(resources_of(office, stack) for stack in STACKS) or held_locks(office):
        return f"The bucket {bucket} was kept, because somebody is deploying into it."
    delete_bucket(office)
    return ""
