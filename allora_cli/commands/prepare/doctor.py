"""`allora doctor`."""

from __future__ import annotations

import typer

from allora_cli.errors import ExitCode
from allora_cli.terminal import console


def doctor(*, json: console.Json = False) -> None:
    """Check everything that a deployment needs, and say how to fix what is missing.

    Changes nothing, here or in AWS. Exit code 3: there is a ✘, or a check could not be made.

    Example: allora doctor
    """
    from allora_cli.doctor import examine_with_progress, show

    report = examine_with_progress()
    if json:
        console.result(report.as_dict())
    else:
        show(report, console.out)
    if not report.healthy:
        raise typer.Exit(ExitCode.UNHEALTHY)
