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
            help="Also wallet, secrets, snapshots and, unless others use it, the state bucket.",
        ),
    ] = False,
    address: Annotated[
        str | None,
        typer.Option(metavar="allo1…", help="The address of the wallet that --everything removes."),
    ] = None,
    yes: console.Yes = False,
    json: console.JsonLines = False,
) -> None:
    """Destroy the worker, and list what is left on purpose and what that costs.

    Shows what will be destroyed, and asks for the worker's name. Ctrl-C: run it again, and it goes
    on.
    Example: allora destroy
    """
    from allora_cli.deploy.destroying import Scope  # noqa: PLC0415 - the wallet's libraries
    from allora_cli.deploy.destroying import destroy as workflow  # noqa: PLC0415
    from allora_cli.deploy.renderers import run  # noqa: PLC0415

    run(workflow(Answers(yes), Scope(everything, address)), json=json)
