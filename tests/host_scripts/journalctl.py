"""Plays `journalctl --follow --output json` over a file of entries, one JSON object a line.

The file's name is in $JOURNAL. Cursors count the lines. The real one is in tests/host.
"""

import os
import sys
import time
from pathlib import Path


def main() -> None:
    assert "--follow" in sys.argv
    assert "--no-tail" in sys.argv, "otherwise it begins ten lines before the end"
    assert "--all" in sys.argv, "otherwise long messages are left out"
    (cursor,) = [each.rpartition("=")[2] for each in sys.argv if "-cursor=" in each] or ["0"]
    seen, journal = int(cursor), Path(os.environ["JOURNAL"])
    try:
        while os.getppid() != 1:  # its parent has gone
            new = journal.read_text().splitlines(keepends=True)[seen:]
            print("".join(new), end="", flush=True)  # in one piece, as far as a pipe has room
            seen += len(new)
            time.sleep(0.02)
    except BrokenPipeError:
        sys.stdout = None


if __name__ == "__main__":
    main()
