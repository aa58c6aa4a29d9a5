"""Explain a command line that cannot be used."""

from __future__ import annotations

from typing import Any, Final

import typer

from allora_cli.errors import ErrorCode, ExitCode, OperatorError

_PROBLEMS: Final = {
    "float_parsing": "{input!r} is not a number.",
    "int_parsing": "{input!r} is not a whole number.",
    "greater_than_equal": "{input!r} is less than {ge:g}.",
    "less_than_equal": "{input!r} is more than {le:g}.",
    "value_error": "{error}",
}
"""By type of pydantic's error, which checks the values of options.
https://docs.pydantic.dev/latest/errors/validation_errors/
"""


def usage_error(error: typer.TyperException) -> OperatorError:
    """Return an error about commands, options or arguments, with the help to read."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "allora"
    return OperatorError(
        ErrorCode.USAGE,
        f"{_sentence(error)} See: {command} --help",
        exit_code=ExitCode.USAGE,
    )


def _sentence(error: typer.TyperException) -> str:
    cause = error.__cause__
    if isinstance(error, typer.BadParameter):
        if error.param_hint:
            return f"{error.param_hint}: {error.message}"
        if error.param and cause:
            return f"{_name_of(error.param)}: {_problem(cause)}"
    message = error.format_message().rstrip()
    return message if message.endswith((".", "?")) else f"{message}."


def _name_of(parameter: Any) -> str:  # noqa: ANN401 - typer's own type
    """Return an option as it is typed, or an argument as the help shows it."""
    return str(parameter.opts[0] if parameter.opts[0][0] == "-" else parameter.display_name_raw)


def _problem(cause: BaseException) -> str:
    from pydantic import ValidationError  # noqa: PLC0415 - typer has imported it

    if not isinstance(cause, ValidationError):
        return str(cause)
    detail = cause.errors(include_url=False)[0]
    values = {"input": detail["input"], **detail.get("ctx", {})}
    return _PROBLEMS.get(detail["type"], "{input!r} cannot be used.").format(**values)
