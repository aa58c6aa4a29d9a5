"""`allora connect`."""

from __future__ import annotations

import os
import shlex

from scripts.operator import connecting, screen
from scripts.operator.office import open_office


def connect(*, json: screen.Json = False) -> None:
    """Opens a shell on the host, through Session Manager: no port, no key.

    `exit` ends it. With --json it is not opened: the command that would open it is printed.
    Example: pipenv run allora connect
    """
    command = connecting.session_command(open_office())
    if json:
        screen.result({"command": shlex.join(command), "arguments": command})
        return
    connecting.need_tools()
    screen.err.print(shlex.join(command), markup=False, style="dim")
    os.execvp(command[0], command)  # noqa: S606 - in place of this program: Ctrl-C is the shell's
