"""Check variables' values, and say what is wrong with each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from containers.worker.allora_worker.contract import InvalidValueError
from settings.errors import Problem
from settings.model import Settings
from settings.secret_rules import remedy_for_kind, secret_kind
from settings.shown import shown
from settings.text_rules import misfit
from settings.variable import Section, example_of

EMPTY_IS_AN_ERROR = {"ALLORA_INGRESS_CIDRS": "write none, or networks such as 203.0.113.0/24"}
"""Remedy by variable, where an empty value could mean both the default and its opposite."""

NEVER_SHOWN = frozenset({"MODEL_COMMAND", "MODEL_ENV_VARS", "MODEL_SECRETS", "MODEL_SHA256"})
"""Variables whose value may hold a secret by mistake."""

_OWN_CHECK = frozenset({"MODEL_ENV_VARS", "MODEL_SHA256"})
"""Variables whose own check finds secrets, with a better message."""

FIELD_OF = {str(field.alias): name for name, field in Settings.model_fields.items() if field.alias}
VARIABLE_OF = {name: variable for variable, name in FIELD_OF.items()}


@dataclass(frozen=True)
class Found:
    """A variable's value and its line in the file; None for the environment."""

    value: str
    line: int | None = None

    def problem(self, variable: str, message: str, remedy: str = "") -> Problem:
        """Return a problem of the variable, with its place."""
        return Problem(variable, message, remedy, self.line, "" if self.line else "environment")

    def shown(self, variable: str) -> str:
        """Return the value and a blank, to begin a message; "" if it may hold a secret."""
        if variable in NEVER_SHOWN or secret_kind(self.value):
            return ""
        return f"{shown(self.value)} "


def unfit_values(found: Mapping[str, Found]) -> Iterator[Problem]:
    """Yield values that are secrets or have forbidden characters."""
    for name, entry in found.items():
        kind = None if name in _OWN_CHECK else secret_kind(entry.value)
        if kind:
            message = f"looks like {kind}, which does not belong in a settings file."
            yield entry.problem(name, message, remedy_for_kind(kind))
        elif unfit := misfit(name, entry.value):
            message = f"{entry.shown(name)}{unfit.message}"
            yield entry.problem(name, message, unfit.remedy)


def validate(
    values: Mapping[str, str], notes: list[Problem]
) -> tuple[Settings | None, list[Problem]]:
    """Return the settings, or the problems of the values; `notes` collects warnings."""
    problems = [
        Problem(name, "is empty, which could mean all addresses or none.", remedy)
        for name, remedy in EMPTY_IS_AN_ERROR.items()
        if values.get(name) == ""
    ]
    try:
        filled = {name: value for name, value in values.items() if value}
        return Settings.model_validate(filled, context=notes), problems
    except ValidationError as error:
        problems += problems_of(error, Settings)
    return None, problems


def problems_of(error: ValidationError, section: type[Section]) -> Iterator[Problem]:
    """Yield the problems that an error of validating a section has."""
    fields = {str(field.alias): field for field in section.model_fields.values()}
    variables = {name: str(field.alias) for name, field in section.model_fields.items()}
    for detail in error.errors(include_url=False, include_input=False):
        location = str(detail["loc"][0])
        variable = variables.get(location, location)
        match detail:
            case {"type": "default_factory_not_called"}:
                continue  # it depends on a setting that is reported already
            case {"type": "missing"}:
                example = example_of(fields[variable])
                yield Problem(variable, "is required, and not set.", f"{variable}={example}")
            case {"type": "fault", "ctx": fault}:
                yield Problem(fault["variable"] or variable, fault["message"], fault["remedy"])
            case {"ctx": {"error": InvalidValueError() as cause}}:
                yield Problem(variable, f"{cause.message}.", cause.remedy)
            case _:
                yield Problem(variable, f"is not valid: {detail['msg']}.")
