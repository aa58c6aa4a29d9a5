"""Output: results on stdout, everything else on stderr."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from json import dumps
from typing import Annotated, Any

import typer
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.segment import Segment
from rich.text import Text

from allora_cli.terminal.layout import wrapped
from allora_cli.terminal.text import clean_lines

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for scripts.")]
"""The option of every command with one result."""

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Answer every question with yes.")]
"""The option of every command that asks before it changes something."""

Plan = Annotated[
    bool, typer.Option("--plan", help="Show every attribute of Terraform's plan as well.")
]
"""The option of every command that applies a plan."""

JsonLines = Annotated[
    bool, typer.Option("--json", help="Print events and result as lines of JSON, for scripts.")
]
"""The option of commands with events: each at once, the result last."""


class SafeConsole(Console):
    """Shows control and hidden characters as escapes: a name or an error may hold some."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yield the segments of what is printed, with their text made safe."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=clean_lines(segment.text))

    def print(self, *objects: Any, sep: str = " ", **options: Any) -> None:  # noqa: ANN401 - as rich
        """Print; at a terminal, text is wrapped between words, and elsewhere not at all."""
        if (
            self.is_terminal
            and self.soft_wrap
            and all(isinstance(each, str | Text) for each in objects)
        ):
            markup = options.pop("markup", None)
            texts = (
                self.render_str(each, markup=markup) if isinstance(each, str) else each
                for each in objects
            )
            text = Text(sep).join(texts)
            super().print(wrapped(text, self.width), **options)
        else:
            super().print(*objects, sep=sep, **options)

    def print_screen(self, screen: RenderableType) -> None:
        """Print a page, or a part of one, wrapped between words everywhere."""
        parts = screen.renderables if isinstance(screen, Group) else [screen]
        for part in parts:
            whole = wrapped(part, self.width) if isinstance(part, Text) else part
            super().print(
                whole,
                soft_wrap=False,
                crop=False,
                overflow="ignore",
                no_wrap=isinstance(part, Text),
            )


out = SafeConsole(highlight=False, soft_wrap=True)
err = SafeConsole(stderr=True, highlight=False, soft_wrap=True)
page = SafeConsole(highlight=False)
"""Stdout for pages that fill a terminal, which does not wrap what is wider."""


def result(value: Mapping[str, Any]) -> None:
    """Print a command's result as one JSON document."""
    # rich would wrap and colour it. In ASCII: a name may hold what a terminal obeys.
    print(dumps(value, indent=2, default=str))


def show(document: Mapping[str, Any], lines: Iterable[str], *, json: bool) -> None:
    """Print a command's result: as JSON, or in lines."""
    if json:
        result(document)
    else:
        out.print(*lines, sep="\n", markup=False)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show a spinner at a terminal, a line elsewhere."""
    if err.is_terminal:
        with err.status(what):
            yield
    else:
        err.print(f"{what} …", markup=False)
        yield
