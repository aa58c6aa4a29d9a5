"""`allora state orphans` and `allora state remove`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allora_cli.commands.state.stack import declined
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.terminal import console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allora_cli.context import Context
    from allora_cli.orphans.find import Found
    from allora_cli.orphans.orphan import Orphan


def orphans(*, json: console.Json = False) -> None:
    """List what has this worker's tags or names in AWS, but is in no state.

    A killed run leaves it. Each line says what it is, what it costs, and what becomes of it.

    Example: allora state orphans
    """
    from allora_cli.context import open_context
    from allora_cli.orphans.orphan import orphan_lines

    found = _found(open_context())
    lines = list(orphan_lines(found.orphans)) or ["Everything in AWS is in a state."]
    lines += [f"Not searched: {each}" for each in found.unsearched]
    if found.orphans:
        lines.append("To settle them: allora deploy. To remove one: allora state remove ID")
    document = {
        "orphans": [each.as_dict() for each in found.orphans],
        "unsearched": list(found.unsearched),
    }
    console.show(document, lines, json=json)


def remove(
    ids: Annotated[
        list[str], typer.Argument(metavar="ID...", help="Of allora state orphans, with --json.")
    ],
    *,
    yes: console.Yes = False,
    json: console.Json = False,
) -> None:
    """Remove resources that are in no state; a volume leaves a snapshot.

    Asks first. Refuses what a state has, and what has neither this worker's tags nor its names.

    Example: allora state remove i-0123456789abcdef0
    """
    from allora_cli.context import open_context
    from allora_cli.orphans.remove import remove_orphans
    from allora_cli.terminal.prompts import Answers

    context = open_context()
    chosen = _chosen(_found(context).orphans, ids)
    answers = Answers(yes)
    answers.require_possible()
    names = ", ".join(each.what for each in chosen)
    if not answers.confirm(f"Remove {names}?"):
        raise declined()
    removed = []
    for each in remove_orphans(context, chosen):
        removed.append(each.as_dict())
        console.err.print(f"✔ {each.what}: removed", markup=False)
    console.show({"removed": removed}, ["Next: allora deploy"], json=json)


def _found(context: Context) -> Found:
    """Return the orphans with their places in the synthesized stacks."""
    from dataclasses import replace

    from allora_cli.orphans.find import find_orphans
    from allora_cli.orphans.known import Known
    from allora_cli.orphans.places import placed_in
    from allora_cli.terraform.synthesis import synthesize

    known = Known.of(context)
    found = find_orphans(context, known)
    if not found.orphans:
        return found
    with tempfile.TemporaryDirectory(prefix="allora-stacks-") as folder:
        synthesize(Path(folder))
        return replace(found, orphans=placed_in(context, found.orphans, known, Path(folder)))


def _chosen(found: Sequence[Orphan], ids: Sequence[str]) -> list[Orphan]:
    known = {each.id for each in found}
    if strangers := [each for each in ids if each not in known]:
        raise OperatorError(
            ErrorCode.ORPHANS,
            f"{', '.join(strangers)} is no orphan of this worker: a state has it, or its tags are "
            "not those of ALLORA_WORKER_NAME and AWS_RESOURCE_NAME_PREFIX. Nothing was changed. "
            "Those that there are: allora state orphans",
        )
    return [each for each in found if each.id in ids]
