"""`allora state …`."""

from __future__ import annotations

import typer

from allora_cli.commands.state.locks import unlock
from allora_cli.commands.state.orphans import orphans, remove
from allora_cli.commands.state.versions import restore, versions

app = typer.Typer(
    name="state",
    help="Mend Terraform's state: its versions, its locks, and what is in AWS but in no state.",
)
for command in (versions, restore, unlock, orphans, remove):
    app.command()(command)
