"""The `allora` command: `pipenv run allora --help`."""

from __future__ import annotations

import sys

from scripts.any_locale import print_in_any_locale
from scripts.operator import screen
from scripts.operator.aws import one_sentence_errors
from scripts.operator.cli import app
from scripts.operator.trouble import ExitCode, OperatorError, Trouble
from settings import SettingsError

_RUNBOOK = "docs/operations.md"


def main() -> int:
    """Runs the command; whatever a user can cause ends in a sentence and an exit code."""
    print_in_any_locale()
    try:
        with one_sentence_errors():
            app(prog_name="allora")
    except SystemExit as end:
        if end.code == ExitCode.INTERRUPTED:
            screen.err.print("Interrupted. Nothing is lost: the same command goes on from here.")
        raise
    except SettingsError as error:
        return _tell(OperatorError(Trouble.SETTINGS, str(error)))
    except OperatorError as error:
        return _tell(error)
    return ExitCode.OK


def _tell(error: OperatorError) -> int:
    if "--json" in sys.argv:
        screen.result({"error": {"trouble": error.trouble, "message": str(error)}})
    screen.err.print(str(error), markup=False, style="red")
    screen.err.print(f"More: {_RUNBOOK}#{error.trouble}", style="dim")
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
