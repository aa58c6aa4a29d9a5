"""The command `allora` and its subcommands."""

from __future__ import annotations

import typer

from allora_cli.commands import (
    backup,
    bootstrap,
    connect,
    deploy,
    destroy,
    diagram,
    doctor,
    logs,
    restart,
    restore,
    secret,
    state,
    status,
    update,
    wallet,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    help="Prepare, deploy and operate an Allora worker on AWS.",
)
app.add_typer(wallet.app, name="wallet")
app.add_typer(secret.app, name="secret")
app.add_typer(state.app, name="state")
for command in (
    bootstrap.bootstrap,
    doctor.doctor,
    deploy.deploy,
    status.status,
    logs.logs,
    connect.connect,
    restart.restart,
    update.update,
    backup.backup,
    restore.restore,
    diagram.diagram,
    destroy.destroy,
):
    app.command()(command)
