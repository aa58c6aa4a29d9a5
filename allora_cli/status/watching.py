"""Show a status once, or every 10 seconds."""

from __future__ import annotations

import json as json_format
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Protocol, TypeVar

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from allora_cli.errors import OperatorError
from allora_cli.terminal import console
from allora_cli.terminal.interrupts import CtrlC
from allora_cli.terminal.text import clamp

_SECONDS: Final = 10
_NOTE: Final = 200

Seen = TypeVar("Seen")
Looks = TypeVar("Looks", covariant=True)  # noqa: PLC0105 - no longer name
Shown = TypeVar("Shown", contravariant=True)  # noqa: PLC0105


class Observer(Protocol[Looks]):
    """Looks at something in AWS, any number of times."""

    def look(self) -> Looks:
        """Return its status."""


class View(Protocol[Shown]):
    """How a status is shown."""

    def at(self, seen: Shown, /) -> datetime:
        """Return when it was looked at."""

    def document(self, seen: Shown, /) -> dict[str, Any]:
        """Return the document for scripts."""

    def headline(self, seen: Shown, /) -> Text:
        """Return the line that says the most."""

    def screen(self, seen: Shown, width: int, /) -> RenderableType:
        """Return the page, for so many columns."""

    def lines(self, seen: Shown, /) -> list[Text]:
        """Return lines below the page, which are not cut; the first stays on a small screen."""


_NextLook = Callable[[], Seen | OperatorError]


def show(seen: Seen, view: View[Seen], *, json: bool) -> None:
    """Print a status."""
    if json:
        console.result(view.document(seen))
        return
    console.out.print_screen(view.screen(seen, console.out.width))
    for line in view.lines(seen):
        console.out.print(line)


def watch(observer: Observer[Seen], view: View[Seen], *, json: bool) -> None:
    """Show the status every 10 seconds, until Ctrl-C.

    A terminal is filled as by watch(1), and is as it was afterwards; elsewhere one screen, or
    line of JSON, follows the other. Errors meanwhile are shown, and it is tried again.

    Raises:
        OperatorError: the first look fails.
    """
    try:
        with console.working("Asking AWS"):
            seen = observer.look()
        with CtrlC() as ctrl_c:
            next_look = partial(_next_look, observer, ctrl_c)
            if json or not console.out.is_terminal:
                _watch_lines(seen, view, next_look, json=json)
            else:
                _watch_screen(seen, view, next_look)
    except KeyboardInterrupt:
        return


def _watch_lines(seen: Seen, view: View[Seen], next_look: _NextLook[Seen], *, json: bool) -> None:
    while True:
        if json:
            print(json_format.dumps(view.document(seen)), flush=True)
        else:
            show(seen, view, json=False)
            console.out.print()
        while isinstance(look := next_look(), OperatorError):
            console.err.print(_note(look, view.at(seen)))
        seen = look


def _watch_screen(seen: Seen, view: View[Seen], next_look: _NextLook[Seen]) -> None:
    try:
        with Live(console=console.page, screen=True, refresh_per_second=1) as live:
            note = None
            while True:
                live.update(page(seen, view, note))
                look = next_look()
                if isinstance(look, OperatorError):
                    note = _note(look, view.at(seen))
                else:
                    seen, note = look, None
    finally:
        # The screen is gone: what it said last remains.
        console.out.print(view.headline(seen))


def page(seen: Seen, view: View[Seen], note: Text | None) -> Group:
    """Return what fills a terminal."""
    footer = Text(f"{view.at(seen):%H:%M:%S} UTC, every {_SECONDS} s; Ctrl-C ends it.", style="dim")
    terminal = console.page
    first, *more = view.lines(seen) or [Text()]
    parts: list[RenderableType] = [note or footer, view.screen(seen, terminal.width), first]
    whole = Group(*parts, *more)
    return whole if len(terminal.render_lines(whole)) <= terminal.height else Group(*parts)


def _next_look(observer: Observer[Seen], ctrl_c: CtrlC) -> Seen | OperatorError:
    time.sleep(_SECONDS)
    ctrl_c.check()
    try:
        return observer.look()
    except OperatorError as error:
        return error


def _note(error: OperatorError, seen_at: datetime) -> Text:
    now = datetime.now(UTC)
    return Text(
        f"{now:%H:%M:%S} UTC: {clamp(str(error), _NOTE)} This is of {seen_at:%H:%M:%S}.",
        style="yellow",
    )
