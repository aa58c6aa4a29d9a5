"""Settle what killed runs have left in AWS, before Terraform would create it a second time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from allora_cli.context import Context
from allora_cli.deploy.events import OrphanRemoved, OrphansFound
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.events import Workflow
from allora_cli.orphans.find import find_orphans
from allora_cli.orphans.known import Known
from allora_cli.orphans.orphan import Fate, Orphan
from allora_cli.orphans.places import placed_in
from allora_cli.orphans.remove import remove_orphans
from allora_cli.terminal.prompts import Answers

Settle: TypeAlias = Callable[[Path], Workflow[Sequence[Orphan]]]
"""Settles the orphans of a synthesized app; returns those that Terraform is to import."""


def settling(context: Context, answers: Answers, *, was_killed: bool) -> Settle:
    """Return what settles the orphans, with the operator's consent.

    Args:
        context: whose worker.
        answers: `--yes` settles only what a killed run has left: without one, the settings may
            name another state bucket than before, and another state has these resources.
        was_killed: whether this command has found a killed run.
    """

    def settle(folder: Path) -> Workflow[Sequence[Orphan]]:
        known = Known.of(context)
        found = find_orphans(context, known).orphans
        orphans = [
            orphan
            for orphan in placed_in(context, found, known, folder)
            # Terraform takes the others over by creating them.
            if orphan.fate is Fate.REMOVE or (orphan.fate is Fate.ADOPT and orphan.import_id)
        ]
        if not orphans:
            return ()
        is_settled = was_killed or not answers.yes
        yield OrphansFound(tuple(orphans), context.settings.state_bucket, is_settled=is_settled)
        if not is_settled:
            return ()
        answers.require_possible()
        if not answers.confirm("Take over what has a place in the state, and remove the rest?"):
            raise OperatorError(
                ErrorCode.ORPHANS,
                "You did not agree. Nothing was changed. To see them again: allora state orphans",
            )
        rest = [orphan for orphan in orphans if orphan.fate is Fate.REMOVE]
        for removed in remove_orphans(context, rest):
            yield OrphanRemoved(removed.what)
        return [orphan for orphan in orphans if orphan.fate is Fate.ADOPT]

    return settle
