"""Lay out the help of groups of commands."""

from __future__ import annotations

import inspect
from collections import defaultdict
from typing import Any

import typer
from typer.core import TyperGroup


class Group(TyperGroup):
    """A group that lists its commands by phase, each with its whole first paragraph."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer's own type
        """Show the help if there are no arguments."""
        if not args and not self.invoke_without_command and not ctx.resilient_parsing:
            typer.echo(ctx.get_help())
            raise typer.Exit
        return super().parse_args(ctx, args)

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Write the commands, then the options."""
        self.format_commands(ctx, formatter)
        records = (parameter.get_help_record(ctx) for parameter in self.get_params(ctx))
        with formatter.section("Options"):
            formatter.write_dl([record for record in records if record])

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Write a section for each phase."""
        phases: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        names = self.list_commands(ctx)
        width = max(map(len, names))
        for name in names:
            command = self.commands[name]
            phase = getattr(command, "rich_help_panel", None) or "Commands"
            phases[phase].append((name.ljust(width), _first_paragraph(command.help or "")))
        for phase, rows in phases.items():
            with formatter.section(phase):
                formatter.write_dl(rows)


def _first_paragraph(text: str) -> str:
    return " ".join(inspect.cleandoc(text).partition("\n\n")[0].split())
