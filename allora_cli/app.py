"""The command `allora` and what it consists of."""

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
    status,
    update,
    wallet,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Runs an Allora worker on AWS: before, during and after its deployment.",
)
app.command()(backup.backup)
app.command()(bootstrap.bootstrap)
app.command()(connect.connect)
app.command()(deploy.deploy)
app.command()(destroy.destroy)
app.command()(diagram.diagram)
app.command()(doctor.doctor)
app.command()(logs.logs)
app.command()(restart.restart)
app.command()(restore.restore)
app.add_typer(secret.app, name="secret")
app.command()(status.status)
app.command()(update.update)
app.add_typer(wallet.app, name="wallet")
