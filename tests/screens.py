"""What holds for every screen, however wide it is."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final

from rich.cells import cell_len

from allora_cli.terminal.console import SafeConsole

WIDTHS: Final = (60, 80, 120, 200)
_VERY_WIDE: Final = 2000


def printed(show: Callable[[SafeConsole], None], width: int) -> list[str]:
    """Return the lines that a terminal without colours gets."""
    console = SafeConsole(
        file=io.StringIO(),
        width=width,
        highlight=False,
        soft_wrap=True,
        force_terminal=True,
        color_system=None,
    )
    show(console)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def check_screen(show: Callable[[SafeConsole], None], width: int) -> None:
    """Check that no word is broken, and no line is wider than the screen unless it is one word."""
    check_lines(printed(show, width), printed(show, _VERY_WIDE), width)


def check_lines(lines: list[str], unwrapped: list[str], width: int) -> None:
    """Check the same of lines, against the same text in very wide lines."""
    assert " ".join(lines).split() == " ".join(unwrapped).split()
    assert [line for line in lines if cell_len(line) > width and len(line.split()) > 1] == []
