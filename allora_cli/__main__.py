"""The `allora` command."""

from __future__ import annotations

import json
import sys

from allora_cli.errors import ErrorCode, ExitCode, OperatorError
from allora_cli.terminal import console
from allora_cli.terminal.arguments import hidden_character
from shared.any_locale import print_in_any_locale
from shared.garbage_collection import collect_rarely

_RUNBOOK = "docs/operations.md"


def main() -> int:
    """Run the command; end every error that a user can cause with a sentence and an exit code."""
    collect_rarely()
    # Not before: these import all the rest.
    from allora_cli.app import app  # noqa: PLC0415
    from allora_cli.aws.session import one_sentence_errors  # noqa: PLC0415
    from settings import SettingsError  # noqa: PLC0415

    print_in_any_locale()
    if complaint := hidden_character(sys.argv[1:]):
        console.err.print(complaint, markup=False, style="red")
        return ExitCode.USAGE
    try:
        with one_sentence_errors():
            app(prog_name="allora")
    except SystemExit as end:
        if end.code == ExitCode.INTERRUPTED:
            console.err.print(
                "Interrupted. Nothing is lost: run the same command again to continue."
            )
        raise
    except SettingsError as error:
        return _report(OperatorError(ErrorCode.SETTINGS, str(error)))
    except OperatorError as error:
        return _report(error)
    return ExitCode.OK


def _report(error: OperatorError) -> int:
    if "--json" in sys.argv:
        # On one line: it may follow lines of events.
        print(json.dumps({"error": {"trouble": error.code, "message": str(error)}}))
    console.err.print(str(error), markup=False, style="red")
    console.err.print(f"More: {_RUNBOOK}#{error.code}", style="dim")
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
