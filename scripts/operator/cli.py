"""The command `allora` and what it consists of."""

from __future__ import annotations

import typer

from scripts.operator.commands import bootstrap, secret

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Runs an Allora worker on AWS: before, during and after its deployment.",
)
app.command()(bootstrap.bootstrap)
app.add_typer(secret.app, name="secret")
