"""The option that names a worker."""

from __future__ import annotations

from typing import Annotated

import typer


def _complete(incomplete: str) -> list[str]:
    from settings.fleet_file import names_to_complete

    return [name for name in names_to_complete() if name.startswith(incomplete)]


Worker = Annotated[
    str | None,
    typer.Option(
        "--worker",
        metavar="NAME",
        help="Which worker of fleet.toml, or the single host's.",
        autocompletion=_complete,
    ),
]
"""The option of every command that acts on one worker."""
