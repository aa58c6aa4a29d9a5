"""Records commands in a real pseudo-terminal: `python -m devtools.terminal_recorder.record --help`.

Nothing is left out or changed but the time (screens.py): record where nothing is to be hidden.
What is typed with echo off is not written by the terminal, so that it is not recorded.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pexpect

from devtools.terminal_recorder.recording import Recording
from devtools.terminal_recorder.screens import Size

SIZE = Size(100, 30)
_PROMPT = "\x1b[1;32m$\x1b[0m "
_KEY = 0.05
"""Seconds for a key in the command line, which is shown as if it was typed."""
_SECRET = 5
"""Seconds to wait until a program has turned the echo off."""


@dataclass(frozen=True)
class Answer:
    """What is typed into the terminal, with Enter.

    Attributes:
        after: what must have been written before, as a regular expression.
        text: what is typed.
        secret: whether it must not be seen: it is typed only where the terminal does not show it.
    """

    after: str
    text: str
    secret: bool = False


def record(
    command: Sequence[str],
    env: Mapping[str, str],
    cwd: Path,
    size: Size = SIZE,
    *,
    shown: str | None = None,
    answers: Sequence[Answer] = (),
) -> Recording:
    """Runs a command and keeps what its terminal shows.

    Args:
        command: the program and its arguments.
        env: its whole environment, beside `TERM` and the size.
        cwd: where it runs.
        size: of the terminal.
        shown: the command line as it would be typed; by default the command itself.
        answers: what to type, in this order.

    Raises:
        ValueError: the command has ended before all was typed, or would have shown a secret.
    """
    line = shown or shlex.join(command)
    events = list(_typed(line))
    typed = events[-1][0] + 0.3
    environment = {
        **env,
        "TERM": "xterm-256color",
        "COLUMNS": str(size.columns),
        "LINES": str(size.rows),
    }
    child = pexpect.spawn(
        command[0],
        list(command[1:]),
        env=environment,
        cwd=str(cwd),
        dimensions=(size.rows, size.columns),
        timeout=None,
        encoding="utf-8",
        codec_errors="replace",
    )
    waiting = list(answers)
    unanswered = ""
    started = time.monotonic()
    try:
        while True:
            try:
                # With a timeout, pexpect may miss what is written just before the end.
                text = child.read_nonblocking(1 << 16, timeout=None)
            except pexpect.EOF:
                break
            events.append((typed + time.monotonic() - started, text))
            unanswered += text
            if waiting and (asked := re.search(waiting[0].after, unanswered)):
                _type(child, waiting.pop(0))
                unanswered = unanswered[asked.end() :]
    finally:
        child.close(force=True)
    if waiting:
        raise ValueError(f"{line}: ended without {waiting[0].after!r}")
    status = child.exitstatus if child.exitstatus is not None else 128 + (child.signalstatus or 0)
    return Recording(size, tuple(events), line, status)


def _typed(line: str) -> list[tuple[float, str]]:
    keys = [(0.0, _PROMPT)]
    keys += [(0.6 + _KEY * number, key) for number, key in enumerate(line)]
    return [*keys, (0.6 + _KEY * len(line) + 0.2, "\r\n")]


def _type(child: pexpect.spawn[str], answer: Answer) -> None:
    if answer.secret:
        child.waitnoecho(timeout=_SECRET)
        if child.getecho():
            raise ValueError(f"the terminal would show what is typed after {answer.after!r}")
    child.sendline(answer.text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes NAME.cast and NAME.svg; ends with the command's exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m devtools.terminal_recorder.record",
        description="Records a command in a terminal: NAME.cast (asciicast v2), NAME.svg.",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="NAME")
    parser.add_argument("--columns", type=int, default=SIZE.columns)
    parser.add_argument("--rows", type=int, default=SIZE.rows)
    parser.add_argument("--shown", help="the command line to show instead of the real one")
    parser.add_argument(
        "--continue",
        dest="goes_on",
        action="store_true",
        help="go on after what NAME.cast has already",
    )
    parser.add_argument("command", nargs="+", metavar="-- COMMAND")
    options = parser.parse_args(arguments)
    # Not with_suffix, which would cut a name at its last dot.
    cast, svg = (Path(f"{options.output}.{kind}") for kind in ("cast", "svg"))
    recording = record(
        options.command,
        os.environ,
        Path.cwd(),
        Size(options.columns, options.rows),
        shown=options.shown,
    )
    if options.goes_on:
        recording = Recording.load_cast(cast).then(recording)
    recording.save_cast(cast)
    svg.write_text(recording.svg(), encoding="utf-8")
    print(f"{cast}, {svg}: {svg.stat().st_size:,} bytes", file=sys.stderr)
    return recording.exit_code


if __name__ == "__main__":
    sys.exit(main())
