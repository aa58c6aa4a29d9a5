"""Records commands in a terminal: NAME.cast, and NAME.svg for a page."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from devtools.terminal_recorder.tempo import shortened

COLUMNS, ROWS = 100, 30

_TEMPLATE = Path(__file__).with_name("template.svg")
_TERMTOSVG = (sys.executable, "-m", "termtosvg")

_FAINT = re.compile(r"(?<=\\u001b\[)2(?=[;m])")
_GREY = "90"
"""The renderer knows no faint characters."""

PLAY_SECONDS = 14
"""How long the picture moves."""
LAST_SECONDS = 5
"""How long it then shows the end, before it begins again."""

_TIMES = {
    "--min-frame-duration": "150ms",  # what keeps the picture small
    "--loop-delay": f"{LAST_SECONDS * 1000}ms",
}


def record(cast: Path, lines: Sequence[str], environment: Mapping[str, str], cwd: Path) -> None:
    """Run commands in a terminal of their own, and write what it shows (asciicast v2).

    Nothing that is typed with echo off is in it: the terminal does not show it.

    Args:
        cast: the file to write.
        lines: the commands, as they are typed.
        environment: theirs, to which the terminal is added.
        cwd: their working directory.
    """
    typist = [sys.executable, "-m", "devtools.terminal_recorder.typist", *lines]
    size = {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": str(ROWS)}
    geometry = f"--screen-geometry={COLUMNS}x{ROWS}"
    # A standard input that is open and silent: at its end, the recording ends.
    with subprocess.Popen(
        [*_TERMTOSVG, "record", str(cast), geometry, f"--command={shlex.join(typist)}"],
        env={**environment, **size},
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    ) as recorder:
        status = recorder.wait()
    if status:
        raise subprocess.CalledProcessError(status, recorder.args)
    cast.write_text(_FAINT.sub(_GREY, cast.read_text("utf-8")), "utf-8")


def render(cast: Path, svg: Path) -> None:
    """Draw an animated picture that needs no script and no file beside it.

    It plays the recording faster, in `PLAY_SECONDS`.
    """
    options = [f"{name}={value}" for name, value in _TIMES.items()]
    with tempfile.TemporaryDirectory() as directory:
        short = Path(directory, cast.name)
        short.write_text(shortened(cast.read_text("utf-8"), PLAY_SECONDS), "utf-8")
        subprocess.run(
            [*_TERMTOSVG, "render", str(short), str(svg), f"--template={_TEMPLATE}", *options],
            check=True,
        )


def main() -> None:
    """Record the commands of the command line, and draw them."""
    parser = argparse.ArgumentParser(prog="python -m devtools.terminal_recorder")
    parser.add_argument("name", help="of the files to write, without their endings")
    parser.add_argument("lines", nargs="*", help="the commands; without any, NAME.cast is drawn")
    options = parser.parse_args()
    cast, svg = Path(f"{options.name}.cast"), Path(f"{options.name}.svg")
    if options.lines:
        record(cast, options.lines, os.environ, Path.cwd())
    render(cast, svg)


if __name__ == "__main__":
    main()
