"""`allora destroy`."""

from __future__ import annotations

from typing import Annotated

import typer

from allora_cli.context import open_office
from allora_cli.terminal import console


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
    json: console.Json = False,
) -> None:
    """Takes the worker down, and lists what is left on purpose and what that costs.

    Shows what goes, and asks for the worker's name. Ctrl-C: run it again, and it goes on.
    Example: pipenv run allora destroy
    """
    from allora_cli.deploy import destroying  # noqa: PLC0415 - the wallet's libraries

    result = destroying.destroy(open_office(), approved=yes, everything=everything, address=address)
    if json:
        console.result(result)
    elif result["destroyed"]:
        console.out.print(f"✔ The worker {result['worker_name']} is taken down.", markup=False)
