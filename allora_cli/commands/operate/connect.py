"""`allora connect`."""

from __future__ import annotations

import os
import shlex

from allora_cli.terminal import console


def connect(*, json: console.Json = False) -> None:
    """Open a shell on the host through Session Manager, without a port or a key.

    `exit` ends it. With --json, print the command that would open it.

    Example: allora connect
    """
    from allora_cli.context import open_context
    from allora_cli.fleet.refusals import require_host
    from allora_cli.host import ssm_session

    context = open_context()
    require_host(context, "allora connect opens a shell on a host", "Their logs: allora logs")
    command = ssm_session.session_command(context)
    if json:
        console.result({"command": shlex.join(command), "arguments": command})
        return
    ssm_session.need_tools()
    console.err.print(shlex.join(command), markup=False, style="dim")
    os.execvp(command[0], command)  # noqa: S606 - replaces this process, so that the shell gets Ctrl-C
