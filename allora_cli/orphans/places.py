"""Find each orphan's address in the synthesized stacks, and have Terraform import it from there.

An import is part of the plan, which the operator approves; one that is interrupted is made again.
https://developer.hashicorp.com/terraform/language/import
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from allora_cli.context import Context
from allora_cli.orphans.known import Known
from allora_cli.orphans.orphan import Fate, Orphan
from allora_cli.terraform.handled_stacks import handled_stacks
from allora_cli.terraform.ownership import STACK_TAG
from allora_cli.terraform.synthesis import read_stacks
from shared.stacks import IMPORTS_FILE

_NEVER: Final = frozenset({"aws_instance"})
"""A host of a run that was killed may have other settings than these: a new one takes its place."""

_TOLD_APART: Final = ("alarm_name", "name", "cidr_ipv4")
"""Attributes by which a stack's resources of one type differ."""

_IN_VPC: Final = frozenset(
    {"aws_vpc", "aws_subnet", "aws_internet_gateway", "aws_route_table", "aws_route"}
    | {"aws_route_table_association", "aws_security_group"}
    | {"aws_vpc_security_group_egress_rule", "aws_vpc_security_group_ingress_rule"}
)


def placed_in(
    context: Context, orphans: Sequence[Orphan], known: Known, folder: Path
) -> tuple[Orphan, ...]:
    """Return the orphans with the addresses of those that have a place in a stack that is deployed.

    Args:
        context: whose stacks.
        orphans: all of them.
        known: what the states have.
        folder: of the synthesized app.
    """
    stacks = read_stacks(folder)
    return placed(orphans, known, {stack: stacks[stack] for stack in handled_stacks(context)})


def placed(
    orphans: Sequence[Orphan], known: Known, stacks: Mapping[str, Mapping[str, Any]]
) -> tuple[Orphan, ...]:
    """Return the orphans with the addresses of those that have a place.

    Args:
        orphans: all of them.
        known: what the states have; those places are taken.
        stacks: the Terraform JSON of each stack that is deployed.
    """
    taken = {(stack, each) for stack, found in known.addresses.items() for each in found}
    vpcs = {stack: _home(orphans, known, stack) for stack in known.addresses}
    result = []
    for orphan in orphans:
        address = ""
        if orphan.type not in _NEVER and (
            orphan.type not in _IN_VPC or orphan.vpc == vpcs.get(orphan.stack)
        ):
            free = (
                each
                for each in _addresses(orphan, stacks.get(orphan.stack, {}))
                if (orphan.stack, each) not in taken
            )
            address = next(free, "")
            taken.add((orphan.stack, address))
        result.append(replace(orphan, address=address, is_handled=orphan.stack in stacks))
    return tuple(_without_followers(result))


@contextmanager
def imported(folder: Path, orphans: Iterable[Orphan]) -> Iterator[None]:
    """Have Terraform import orphans at its next plan.

    Args:
        folder: of the synthesized app.
        orphans: with addresses.
    """
    blocks: dict[str, list[dict[str, str]]] = {}
    for orphan in orphans:
        if orphan.fate is Fate.ADOPT and orphan.import_id:
            block = {"to": orphan.address, "id": orphan.import_id}
            blocks.setdefault(orphan.stack, []).append(block)
    files = []
    for stack, listed in blocks.items():
        file = folder / "stacks" / stack / IMPORTS_FILE
        file.write_text(json.dumps({"import": listed}, indent=2), "utf-8")
        files.append(file)
    try:
        yield
    finally:
        for file in files:
            file.unlink(missing_ok=True)


def _home(orphans: Iterable[Orphan], known: Known, stack: str) -> str:
    """Return the VPC that a stack's state has, or the one with the most of its orphans."""
    for group in known.values.get("aws_vpc", ()) + known.values.get("aws_security_group", ()):
        if (group.get("tags_all") or {}).get(STACK_TAG, stack) == stack:
            return str(group.get("vpc_id") or group.get("id"))
    counted = Counter(
        orphan.vpc
        for orphan in orphans
        if orphan.vpc and orphan.type in _IN_VPC and orphan.stack == stack
    )
    return counted.most_common(1)[0][0] if counted else ""


def _addresses(orphan: Orphan, stack: Mapping[str, Any]) -> Iterator[str]:
    """Yield the addresses in a stack that an orphan could have."""
    declared: Mapping[str, Mapping[str, Any]] = stack.get("resource", {}).get(orphan.type, {})
    # An ARN ends with the name.
    prefix = _longest_prefix(orphan.id.rpartition("/")[2], declared.values())
    for name, config in declared.items():
        if config.get("name_prefix", prefix) != prefix:
            continue
        keys = [key for key in _TOLD_APART if key in orphan.values]
        if all(config.get(key) == orphan.values[key] for key in keys):
            yield f"{orphan.type}.{name}"


def _longest_prefix(name: str, configs: Iterable[Mapping[str, Any]]) -> str:
    """Return the longest prefix of names that fits, among those that are declared."""
    prefixes = (str(config.get("name_prefix", "")) for config in configs)
    return max((each for each in prefixes if name.startswith(each)), key=len, default="")


def _without_followers(orphans: Sequence[Orphan]) -> Iterator[Orphan]:
    """Leave out what goes with the resource that it belongs to."""
    removed = {orphan.id for orphan in orphans if orphan.fate is not Fate.ADOPT}
    vpcs = {each.id for each in orphans if each.type == "aws_vpc" and each.id in removed}
    for orphan in orphans:
        belongs = {"aws_route", "aws_route_table_association"} & {orphan.type}
        if belongs and (orphan.fate is not Fate.ADOPT or orphan.vpc in vpcs):
            continue
        if orphan.values.get("security_group") in removed:
            continue
        yield orphan
