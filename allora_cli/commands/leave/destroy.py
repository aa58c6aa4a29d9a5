"""`allora destroy`."""

from __future__ import annotations

from typing import Annotated

import typer

from allora_cli.terminal import console
from allora_cli.terminal.prompts import Answers


def destroy(
    *,
    everything: Annotated[
        bool,
        typer.Option(
            "--everything",
            help="Also wallet, secrets, snapshots and the state bucket, unless others use it.",
        ),
    ] = False,
    address: Annotated[
        str | None,
        typer.Option(metavar="allo1…", help="The address of the wallet that --everything removes."),
    ] = None,
    yes: console.Yes = False,
    plan: console.Plan = False,
    json: console.JsonLines = False,
) -> None:
    """Destroy the worker, or the fleet; list what stays on purpose and its cost.

    Shows what will be destroyed, and asks for the worker's or the fleet's name. After Ctrl-C, run
    it again to continue.

    Example: allora destroy
    """
    from allora_cli.deploy.destroying import Scope
    from allora_cli.deploy.destroying import destroy as workflow
    from allora_cli.deploy.renderers import run

    run(workflow(Answers(yes), Scope(everything, address)), json=json, plan=plan)
