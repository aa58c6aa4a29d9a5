"""`allora state versions` and `allora state restore`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from allora_cli.commands.state.stack import Stack, Stacks, declined, named
from allora_cli.terminal import console

if TYPE_CHECKING:
    from allora_cli.terraform.state_versions import StateVersion


def versions(
    stack: Stacks = None,
    *,
    number: Annotated[
        int, typer.Option("-n", "--number", min=1, help="How many of each state.")
    ] = 10,
    json: console.Json = False,
) -> None:
    """List the versions of each state: when, size, serial, resources.

    Example: allora state versions allora-single-node
    """
    from allora_cli.context import open_context
    from allora_cli.terraform.state_versions import list_versions

    context = open_context()
    stacks = named(context, stack)
    found = [version for each in stacks for version in list_versions(context, each, most=number)]
    lines = []
    for each in stacks:
        lines.append(f"{each}, newest first:")
        ours = [version for version in found if version.stack == each]
        lines += [f"  {_line(version)}" for version in ours] or ["  no version"]
    console.show({"versions": [each.as_dict() for each in found]}, lines, json=json)


def restore(
    stack: Stack,
    version: Annotated[
        str | None,
        typer.Argument(
            metavar="VERSION",
            help="Of allora state versions; by default the last good one of a bad state.",
        ),
    ] = None,
    *,
    yes: console.Yes = False,
    json: console.Json = False,
) -> None:
    """Bring back an earlier version of a state; the present one stays as a version.

    Asks first; refuses while a run holds the state. Afterwards, allora deploy compares the state
    with AWS.

    Example: allora state restore allora-single-node
    """
    from allora_cli.context import open_context
    from allora_cli.terminal.prompts import Answers
    from allora_cli.terraform import state_versions
    from allora_cli.terraform.locks import require_unlocked

    context = open_context()
    (stack,) = named(context, stack)
    require_unlocked(context, stack)
    listed = state_versions.list_versions(context, stack, most=1000)
    chosen = state_versions.choose(listed, stack, version)
    answers = Answers(yes)
    answers.require_possible()
    if not answers.confirm(f"Bring back {_line(chosen)} as the state of {stack}?"):
        raise declined()
    done = state_versions.restore(context, chosen, newest=listed[0].id)
    document = {
        "stack": stack,
        "restored": chosen.id,
        "version": done.version,
        "serial": done.serial,
        "resources": chosen.resources,
    }
    line = (
        f"✔ The state of {stack} is that of {chosen.saved_at:%Y-%m-%d %H:%M} UTC again, with "
        f"{chosen.resources} resources and the serial {done.serial}. Next: allora state orphans, "
        "then allora deploy"
    )
    console.show(document, [line], json=json)


def _line(version: StateVersion) -> str:
    at = f"{version.saved_at:%Y-%m-%d %H:%M} UTC"
    now = "  (current)" if version.is_current else ""
    if version.is_deletion:
        return f"{at}  {version.id}  deleted{now}"
    if version.problem:
        return f"{at}  {version.id}  {version.size} bytes, {version.problem.code}{now}"
    return (
        f"{at}  {version.id}  {version.size} bytes, serial {version.serial}, "
        f"{version.resources} resources{now}"
    )
