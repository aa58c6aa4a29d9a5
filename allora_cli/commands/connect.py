"""`allora connect`."""

from __future__ import annotations

import os
import shlex

from allora_cli.context import open_context
from allora_cli.host import ssm_session
from allora_cli.terminal import console


def connect(*, json: console.Json = False) -> None:
    """Opens a shell on the host, through Session Manager: no port, no key.

    `exit` ends it. With --json it is not opened: the command that would open it is printed.
    Example: pipenv run allora connect
    """
    command = ssm_session.session_command(open_context())
    if json:
        console.result({"command": shlex.join(command), "arguments": command})
        return
    ssm_session.need_tools()
    console.err.print(shlex.join(command), markup=False, style="dim")
    os.execvp(command[0], command)  # noqa: S606 - in place of this program: Ctrl-C is the shell's
