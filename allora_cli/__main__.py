"""The `allora` command."""

from __future__ import annotations

import json
import sys

from allora_cli.errors import ErrorCode, ExitCode, OperatorError
from allora_cli.terminal.arguments import hidden_character
from shared.any_locale import print_in_any_locale
from shared.garbage_collection import collect_rarely

_RUNBOOK = "docs/operations.md"


def main() -> int:
    """Run the command; end every error that a user can cause with a sentence and an exit code."""
    collect_rarely()
    # Not before: it imports all the rest.
    from allora_cli.app import app  # noqa: PLC0415
    from allora_cli.terminal import console  # noqa: PLC0415

    print_in_any_locale()
    if complaint := hidden_character(sys.argv[1:]):
        return _report(OperatorError(ErrorCode.USAGE, complaint, exit_code=ExitCode.USAGE))
    try:
        code = app(prog_name="allora", standalone_mode=False) or ExitCode.OK
    except Exception as error:
        explained = _explain(error)
        if explained is None:
            raise
        return _report(explained)
    if code == ExitCode.INTERRUPTED:
        console.err.print("Interrupted. Nothing is lost: run the same command again to continue.")
    return int(code)


def _explain(error: Exception) -> OperatorError | None:
    """Return an error that a user can fix; None for a bug."""
    # Each import as late as can be: a typing error is answered at once.
    import typer  # noqa: PLC0415

    from allora_cli.terminal.usage import usage_error  # noqa: PLC0415

    if isinstance(error, OperatorError):
        return error
    if isinstance(error, typer.TyperException):
        return usage_error(error)

    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    from allora_cli.aws.session import explain  # noqa: PLC0415
    from settings import SettingsError  # noqa: PLC0415

    match error:
        case SettingsError():
            return OperatorError(ErrorCode.SETTINGS, str(error))
        case BotoCoreError() | ClientError():
            return explain(error)
    return None


def _report(error: OperatorError) -> int:
    from allora_cli.terminal import console  # noqa: PLC0415

    if "--json" in sys.argv:
        # On one line: it may follow lines of events.
        facts = {"facts": error.facts} if error.facts else {}
        print(json.dumps({"error": {"trouble": error.code, "message": str(error), **facts}}))
    console.err.print(str(error), markup=False, style="red")
    console.err.print(f"More: {_RUNBOOK}#{error.code}", style="dim")
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
