"""`allora destroy`."""

from __future__ import annotations

from typing import Annotated

import typer

from scripts.operator import screen
from scripts.operator.office import open_office


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
    yes: screen.Yes = False,
    json: screen.Json = False,
) -> None:
    """Takes the worker down, and lists what is left on purpose and what that costs.

    Shows what goes, and asks for the worker's name. Ctrl-C: run it again, and it goes on.
    Example: pipenv run allora destroy
    """
    from scripts.operator import teardown  # noqa: PLC0415 - the wallet's libraries

    result = teardown.destroy(open_office(), approved=yes, everything=everything, address=address)
    if json:
        screen.result(result)
    elif result["destroyed"]:
        screen.out.print(f"✔ The worker {result['worker_name']} is taken down.", markup=False)
