"""The command `allora` and its subcommands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

import typer

from allora_cli.commands import state
from allora_cli.commands.deploy.deploy import deploy
from allora_cli.commands.deploy.images import images
from allora_cli.commands.deploy.update import update
from allora_cli.commands.leave.destroy import destroy
from allora_cli.commands.operate import forge
from allora_cli.commands.operate.backup import backup
from allora_cli.commands.operate.connect import connect
from allora_cli.commands.operate.dashboard import dashboard
from allora_cli.commands.operate.diagram import diagram
from allora_cli.commands.operate.logs import logs
from allora_cli.commands.operate.restart import restart
from allora_cli.commands.operate.restore import restore
from allora_cli.commands.operate.status import status
from allora_cli.commands.prepare import secret, wallet
from allora_cli.commands.prepare.bootstrap import bootstrap
from allora_cli.commands.prepare.doctor import doctor
from allora_cli.commands.prepare.init import init
from allora_cli.terminal.help import Group
from shared.version import VERSION

_PHASES: Final[Mapping[str, tuple[Callable[..., None] | typer.Typer, ...]]] = {
    "Prepare": (init, wallet.app, secret.app, bootstrap, doctor),
    "Deploy": (deploy, images, update),
    "Operate": (
        status,
        dashboard,
        logs,
        connect,
        restart,
        backup,
        restore,
        forge.app,
        state.app,
        diagram,
    ),
    "Leave": (destroy,),
}
"""Commands and groups of commands, in the order of their use."""

app = typer.Typer(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
    epilog="A command's own help: allora COMMAND --help. The runbook: docs/operations.md",
)


def _name_of(member: Callable[..., None] | typer.Typer) -> str:
    return str(member.info.name if isinstance(member, typer.Typer) else member.__name__)


_ORDER: Final = [_name_of(member) for members in _PHASES.values() for member in members]


class _Commands(Group):
    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - typer's own type
        return sorted(super().list_commands(ctx), key=_ORDER.index)


@app.callback(cls=_Commands)
def main(
    context: typer.Context,
    *,
    version: Annotated[
        bool, typer.Option("--version", "-V", help="Print the version, and exit.")
    ] = False,
) -> None:
    """Prepare, deploy and operate an Allora worker on AWS."""
    if version:
        typer.echo(f"allora {VERSION}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


for _phase, _members in _PHASES.items():
    for _member in _members:
        if isinstance(_member, typer.Typer):
            app.add_typer(_member, cls=Group, rich_help_panel=_phase)
        else:
            app.command(rich_help_panel=_phase)(_member)
