"""Types each argument as a command line, as a person would, and runs it."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time

_PROMPT = "\x1b[1;32m$\x1b[0m "
_KEY_SECONDS = 0.05
_PAUSE_SECONDS = 0.6


def main() -> None:
    """Type and run the lines, one after another."""
    for number, line in enumerate(sys.argv[1:]):
        if number:
            time.sleep(_PAUSE_SECONDS)
            _type(line)
        else:  # a picture begins with something to see
            print(f"{_PROMPT}{line}", flush=True)
        subprocess.run(shlex.split(line), check=False)


def _type(line: str) -> None:
    for text in (_PROMPT, *line, "\n"):
        print(text, end="", flush=True)
        time.sleep(_PAUSE_SECONDS if text == _PROMPT else _KEY_SECONDS)


if __name__ == "__main__":
    main()
