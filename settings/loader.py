"""Find and check the settings; report all problems at once."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from containers.worker.allora_worker.contract import InvalidValueError
from settings.checks import did_you_mean
from settings.env_file import Entry, EnvText, read_env_file
from settings.errors import Problem, SettingsError
from settings.legacy import LEGACY, legacy_reason
from settings.model import Settings
from settings.secret_rules import is_secret_name, remedy_for, remedy_for_kind, secret_kind
from settings.shown import shown
from settings.text_rules import misfit
from settings.variable import example_of

DEFAULT_FILE = Path(".env")
PROJECT = Path(__file__).resolve().parents[1]
FILE_VARIABLE = "ALLORA_ENV_FILE"

FILE_ONLY = frozenset({"AWS_PROFILE"})
"""Read from the file only; in the environment they belong to the AWS tools."""

EMPTY_IS_AN_ERROR = {"ALLORA_INGRESS_CIDRS": "write none, or networks such as 203.0.113.0/24"}
"""Remedy by variable, where an empty value could mean both the default and its opposite."""

NEVER_SHOWN = frozenset({"MODEL_COMMAND", "MODEL_ENV_VARS", "MODEL_SECRETS", "MODEL_SHA256"})
"""Variables whose value may hold a secret by mistake."""

_OWN_CHECK = frozenset({"MODEL_ENV_VARS", "MODEL_SHA256"})
"""Variables whose own check finds secrets, with a better message."""

_FIELD_OF = {str(field.alias): name for name, field in Settings.model_fields.items() if field.alias}
_VARIABLE_OF = {name: variable for variable, name in _FIELD_OF.items()}


@dataclass(frozen=True)
class _Found:
    """A variable's value and its line in the file; None for the environment."""

    value: str
    line: int | None = None

    def problem(self, variable: str, message: str, remedy: str = "") -> Problem:
        return Problem(variable, message, remedy, self.line, "" if self.line else "environment")

    def shown(self, variable: str) -> str:
        if variable in NEVER_SHOWN or secret_kind(self.value):
            return ""
        return f"{shown(self.value)} "


def load_settings(
    env_file: Path | None = None, environ: Mapping[str, str] = os.environ
) -> Settings:
    """Read and check the settings.

    The file wins over the environment: the user's pipenv may load the same file there,
    interpolated, and a forgotten shell variable must not choose another account.

    Args:
        env_file: By default that of `chosen_file`.
        environ: The environment variables.

    Raises:
        SettingsError: With all problems.
    """
    path = env_file or chosen_file(environ)
    text = read_env_file(path) if path else EnvText((), (), complete=True)
    source = str(path) if path else "The environment (there is no .env file here or in the project)"
    problems = [*text.problems, *_set_twice(text.entries), *_not_settings(text.entries)]
    if not text.complete:  # a missing setting may be in the unread rest
        raise SettingsError(source, problems)

    found = _merge(text.entries, environ)
    unfit = list(_unfit_values(found))
    problems += unfit
    notes: list[Problem] = []
    refused = {problem.variable for problem in unfit}
    # includes refused values, so that checks of other settings see them
    values = {name: entry.value for name, entry in found.items()}
    settings, invalid = _validate(values, notes)
    problems += [
        _placed(problem, found, has_file=path is not None)
        for problem in invalid
        if problem.variable not in refused
    ]
    if settings is None or problems:
        raise SettingsError(source, problems)
    warnings = [
        *_legacy(text.entries),
        *_overruled(text.entries, environ, source),
        *_placed_notes(notes, found),
    ]
    warnings.sort(key=lambda problem: problem.line or 0)
    return settings.model_copy(update={"warnings": tuple(map(str, warnings))})


def chosen_file(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return the settings file: that of ALLORA_ENV_FILE, else `.env` here or in the project.

    None stands for the environment alone.
    """
    if named := environ.get(FILE_VARIABLE):
        return Path(named).expanduser()
    defaults = (DEFAULT_FILE, PROJECT / DEFAULT_FILE)
    return next((path for path in defaults if path.exists()), None)


HOW_TO_BEGIN = "allora init"
"""The command that makes a settings file."""


def _set_twice(entries: tuple[Entry, ...]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for entry in entries:
        if entry.key in first and not secret_kind(entry.key):
            message = f"is set twice, on line {first[entry.key]} and on line {entry.line}."
            yield Problem(entry.key, message, "remove one of the lines", entry.line)
        first.setdefault(entry.key, entry.line)


def _not_settings(entries: tuple[Entry, ...]) -> Iterator[Problem]:
    """Yield secrets, by name, and unknown variables, without their values."""
    for entry in entries:
        if entry.key in _FIELD_OF or entry.key in LEGACY:
            continue
        if kind := secret_kind(entry.key):
            message = f"{kind}, by its look, in the place of a variable's name."
            yield Problem("", message, remedy_for_kind(kind), entry.line)
        elif is_secret_name(entry.key):
            if entry.value:
                message = "is a secret, which does not belong in this file."
                yield Problem(entry.key, message, remedy_for(entry.key), entry.line)
        elif legacy_reason(entry.key) is None:
            message = f"is not a setting{did_you_mean(entry.key, _FIELD_OF)}"
            remedy = "docs/configuration.md lists all; the model's own go into MODEL_ENV_VARS"
            yield Problem(entry.key, message, remedy, entry.line)


def _merge(entries: tuple[Entry, ...], environ: Mapping[str, str]) -> dict[str, _Found]:
    """Return the known variables; the file wins, even with an empty value."""
    merged = {
        name: _Found(environ[name])
        for name in _FIELD_OF
        if name in environ and name not in FILE_ONLY
    }
    for entry in reversed(entries):  # of duplicate keys, an error, check the first
        if entry.key in _FIELD_OF:
            merged[entry.key] = _Found(entry.value, entry.line)
    return {
        name: found for name, found in merged.items() if found.value or name in EMPTY_IS_AN_ERROR
    }


def _unfit_values(found: Mapping[str, _Found]) -> Iterator[Problem]:
    """Yield values that are secrets or have forbidden characters."""
    for name, entry in found.items():
        kind = None if name in _OWN_CHECK else secret_kind(entry.value)
        if kind:
            message = f"looks like {kind}, which does not belong in a settings file."
            yield entry.problem(name, message, remedy_for_kind(kind))
        elif unfit := misfit(name, entry.value):
            message = f"{entry.shown(name)}{unfit.message}"
            yield entry.problem(name, message, unfit.remedy)


def _validate(
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
        problems += _problems_of(error)
    return None, problems


def _problems_of(error: ValidationError) -> Iterator[Problem]:
    for detail in error.errors(include_url=False, include_input=False):
        location = str(detail["loc"][0])
        variable = _VARIABLE_OF.get(location, location)
        match detail:
            case {"type": "default_factory_not_called"}:
                continue  # it depends on a setting that is reported already
            case {"type": "missing"}:
                example = example_of(Settings.model_fields[_FIELD_OF[variable]])
                yield Problem(variable, "is required, and not set.", f"{variable}={example}")
            case {"type": "fault", "ctx": fault}:
                yield Problem(fault["variable"] or variable, fault["message"], fault["remedy"])
            case {"ctx": {"error": InvalidValueError() as cause}}:
                yield Problem(variable, f"{cause.message}.", cause.remedy)
            case _:
                yield Problem(variable, f"is not valid: {detail['msg']}.")


def _placed(problem: Problem, found: Mapping[str, _Found], *, has_file: bool) -> Problem:
    """Add the variable's line and value; without a file, the remedy is to copy a sample."""
    entry = found.get(problem.variable)
    if entry:
        message = f"{entry.shown(problem.variable)}{problem.message}"
        return entry.problem(problem.variable, message, problem.remedy)
    if has_file:
        return problem
    return replace(problem, remedy=f"{HOW_TO_BEGIN}, which makes one")


def _placed_notes(notes: list[Problem], found: Mapping[str, _Found]) -> Iterator[Problem]:
    for note in notes:
        variable = _VARIABLE_OF.get(note.variable, note.variable)
        yield found[variable].problem(variable, note.message, note.remedy)


def _legacy(entries: tuple[Entry, ...]) -> Iterator[Problem]:
    for entry in entries:
        reason = None if entry.key in _FIELD_OF else legacy_reason(entry.key)
        if reason and (entry.value or not is_secret_name(entry.key)):
            yield Problem(entry.key, f"is ignored, and can go: {reason}.", line=entry.line)


def _overruled(
    entries: tuple[Entry, ...], environ: Mapping[str, str], source: str
) -> Iterator[Problem]:
    """Yield the variables that the file and the environment set differently."""
    if "PIPENV_ACTIVE" in environ:
        return  # pipenv has loaded the file there, interpolated
    for entry in entries:
        other = environ.get(entry.key, entry.value)
        if entry.key not in _FIELD_OF or other == entry.value:
            continue
        here, there = (_Found(value).shown(entry.key).strip() for value in (entry.value, other))
        values = f" ({here}, not {there})" if here and there else ""
        message = f"{source} differs from the environment; the file wins{values}."
        yield Problem(entry.key, message, f"unset {entry.key}", entry.line)
