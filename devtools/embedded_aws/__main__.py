"""`make local` and its counterparts."""

from __future__ import annotations

import sys

from devtools.embedded_aws.interrupts import Interrupts


def main() -> int:
    """Run a command; return its exit code."""
    interrupts = Interrupts()
    interrupts.take()
    from devtools.embedded_aws.commands import run  # noqa: PLC0415 - Ctrl-C may come meanwhile

    return run(interrupts)


if __name__ == "__main__":
    sys.exit(main())
