"""Show a worker's status once, or every 10 seconds."""

from __future__ import annotations

import json as json_format
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from allora_cli.errors import OperatorError
from allora_cli.status.collect import Observer, Status
from allora_cli.status.diagnosis import judge
from allora_cli.status.document import document_of
from allora_cli.status.screen import dashboard_line, explorer_lines, headline, screen_of
from allora_cli.terminal import console
from allora_cli.terminal.interrupts import CtrlC
from allora_cli.terminal.text import clamp

_SECONDS: Final = 10
_NOTE: Final = 200

_NextLook = Callable[[], Status | OperatorError]


def show(status: Status, *, with_plot: bool, json: bool) -> bool:
    """Print a status.

    Returns:
        Whether the worker is healthy.
    """
    verdict = judge(status)
    if json:
        console.result(document_of(status, verdict).as_json())
    else:
        width = console.out.width
        seen = screen_of(status, verdict, width=width, with_plot=with_plot)
        console.out.print_screen(seen)
        console.out.print(dashboard_line(status))
        for line in explorer_lines(status):
            console.out.print(line)
    return verdict.is_healthy


def watch(observer: Observer, *, with_plot: bool, json: bool) -> None:
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
                _watch_lines(seen, next_look, with_plot=with_plot, json=json)
            else:
                _watch_screen(seen, next_look, with_plot=with_plot)
    except KeyboardInterrupt:
        return


def _watch_lines(seen: Status, next_look: _NextLook, *, with_plot: bool, json: bool) -> None:
    while True:
        if json:
            print(json_format.dumps(document_of(seen, judge(seen)).as_json()), flush=True)
        else:
            show(seen, with_plot=with_plot, json=False)
            console.out.print()
        while isinstance(look := next_look(), OperatorError):
            console.err.print(_note(look, seen))
        seen = look


def _watch_screen(seen: Status, next_look: _NextLook, *, with_plot: bool) -> None:
    try:
        with Live(console=console.page, screen=True, refresh_per_second=1) as live:
            note = None
            while True:
                live.update(_page(seen, note, with_plot=with_plot))
                look = next_look()
                if isinstance(look, OperatorError):
                    note = _note(look, seen)
                else:
                    seen, note = look, None
    finally:
        # The screen is gone: what it said last remains.
        console.out.print(headline(judge(seen)))


def _page(seen: Status, note: Text | None, *, with_plot: bool) -> Group:
    footer = Text(f"{seen.at:%H:%M:%S} UTC, every {_SECONDS} s; Ctrl-C ends it.", style="dim")
    page = console.page
    parts: list[RenderableType] = [
        note or footer,
        screen_of(seen, judge(seen), width=page.width, with_plot=with_plot),
        dashboard_line(seen),
    ]
    with_more = Group(*parts, *explorer_lines(seen))
    return with_more if len(page.render_lines(with_more)) <= page.height else Group(*parts)


def _next_look(observer: Observer, ctrl_c: CtrlC) -> Status | OperatorError:
    time.sleep(_SECONDS)
    ctrl_c.check()
    try:
        return observer.look()
    except OperatorError as error:
        return error


def _note(error: OperatorError, seen: Status) -> Text:
    now = datetime.now(UTC)
    return Text(
        f"{now:%H:%M:%S} UTC: {clamp(str(error), _NOTE)} This is of {seen.at:%H:%M:%S}.",
        style="yellow",
    )
