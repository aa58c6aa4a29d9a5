"""`allora doctor`."""

from __future__ import annotations

import typer

from scripts.operator import screen
from scripts.operator.doctor import examine_with_progress, show
from scripts.operator.trouble import ExitCode


def doctor(*, json: screen.Json = False) -> None:
    """Looks at everything that a deployment needs, and says what to do about what is missing.

    Changes nothing, here or in AWS, and ends with exit code 3 when there is a ✘.
    Example: pipenv run allora doctor
    """
    examination = examine_with_progress()
    if json:
        screen.result(examination.as_dict())
    else:
        show(examination, screen.out)
    if not examination.healthy:
        raise typer.Exit(ExitCode.UNHEALTHY)
