"""The `allora` command: `pipenv run allora --help`."""

from __future__ import annotations

import json
import sys

from allora_cli.app import app
from allora_cli.aws.session import one_sentence_errors
from allora_cli.errors import ErrorCode, ExitCode, OperatorError
from allora_cli.terminal import console
from settings import SettingsError
from shared.any_locale import print_in_any_locale

_RUNBOOK = "docs/operations.md"


def main() -> int:
    """Runs the command; whatever a user can cause ends in a sentence and an exit code."""
    print_in_any_locale()
    try:
        with one_sentence_errors():
            app(prog_name="allora")
    except SystemExit as end:
        if end.code == ExitCode.INTERRUPTED:
            console.err.print("Interrupted. Nothing is lost: the same command goes on from here.")
        raise
    except SettingsError as error:
        return _tell(OperatorError(ErrorCode.SETTINGS, str(error)))
    except OperatorError as error:
        return _tell(error)
    return ExitCode.OK


def _tell(error: OperatorError) -> int:
    if "--json" in sys.argv:
        # In one line: it may end lines of events.
        print(json.dumps({"error": {"trouble": error.code, "message": str(error)}}))
    console.err.print(str(error), markup=False, style="red")
    console.err.print(f"More: {_RUNBOOK}#{error.code}", style="dim")
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
