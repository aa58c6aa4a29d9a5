"""What outlives the stacks on purpose, what that costs, and how to remove it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from allora_cli.aws.price_list import open_price_list
from allora_cli.aws.prices import CALCULATOR, monthly_snapshot_cost
from allora_cli.context import Context
from allora_cli.deploy.events import Leftover
from allora_cli.terraform.state_objects import foreign_keys
from settings.fleet import Fleet
from settings.names import Names

_MOST_NAMES: Final = 5


def leftovers(context: Context) -> list[Leftover]:
    """Return what outlives the stacks, and is there."""
    of_fleet = _fleet_secrets_left(context, context.fleet) if context.fleet else ()
    return [*_secrets_left(context), *of_fleet, *_snapshots_left(context), *_bucket_left(context)]


def _secrets_left(context: Context) -> Iterator[Leftover]:
    names = secret_names(context)
    if names:
        command = f"aws ssm delete-parameters --region {context.settings.aws_region} --names"
        yield Leftover(
            f"the wallet and the secrets: {', '.join(names)}"
            if context.names.wallet in names
            else f"the secrets: {', '.join(names)}",
            "free",
            f"{command} {' '.join(names)} (first: allora backup{context.option})",
        )


def _fleet_secrets_left(context: Context, fleet: Fleet) -> Iterator[Leftover]:
    having = [
        worker.name
        for worker in fleet.workers
        if _parameters_below(context, Names(worker.settings).secrets_prefix)
    ]
    if having:
        region = context.settings.aws_region
        listed = (
            f"aws ssm get-parameters-by-path --region {region} --path /allora/NAME --recursive "
            "--query 'Parameters[].Name' --output text"
        )
        more = f" and {len(having) - _MOST_NAMES} more" if len(having) > _MOST_NAMES else ""
        yield Leftover(
            f"the wallets and secrets of {len(having)} of the fleet's workers: "
            f"{', '.join(having[:_MOST_NAMES])}{more}",
            "free",
            f"aws ssm delete-parameters --region {region} --names $({listed}), for each NAME "
            "(first: allora backup --worker NAME)",
        )


def secret_names(context: Context) -> list[str]:
    """Return the names of the worker's parameters."""
    return _parameters_below(context, context.names.secrets_prefix)


def _parameters_below(context: Context, prefix: str) -> list[str]:
    pages = context.session.client("ssm").get_paginator("get_parameters_by_path")
    found = pages.paginate(Path=prefix, Recursive=True)
    return sorted(parameter["Name"] for page in found for parameter in page["Parameters"])


def _snapshots_left(context: Context) -> Iterator[Leftover]:
    for id_, gib in snapshots(context):
        yield Leftover(
            f"the snapshot {id_} of the data volume",
            _snapshot_cost(context, gib),
            f"aws ec2 delete-snapshot --region {context.settings.aws_region} --snapshot-id {id_}",
        )


def _snapshot_cost(context: Context, gib: int) -> str:
    prices = open_price_list(context.session, context.settings.aws_region)
    usd = monthly_snapshot_cost(context.settings, prices, gib)
    if usd is None:
        return f"at most the price of {gib} GiB of snapshots, {CALCULATOR}"
    return f"at most {usd:.2f} USD a month, for {gib} GiB"


def snapshots(context: Context) -> Iterator[tuple[str, int]]:
    """Yield id and GiB of each snapshot of the worker's data volume."""
    settings = context.settings
    filters = {"Worker": settings.worker_name, "Project": settings.name_prefix}
    pages = context.session.client("ec2").get_paginator("describe_snapshots")
    for page in pages.paginate(
        OwnerIds=[settings.aws_account_id],
        Filters=[{"Name": f"tag:{tag}", "Values": [value]} for tag, value in filters.items()],
    ):
        for snapshot in page["Snapshots"]:
            yield snapshot["SnapshotId"], snapshot["VolumeSize"]


def _bucket_left(context: Context) -> Iterator[Leftover]:
    if foreign_keys(context) is not None:
        yield Leftover(
            f"the state bucket {context.settings.state_bucket}, with the states' old versions",
            "cents",
            "allora destroy --everything, or docs/state.md#remove-the-bucket",
        )
