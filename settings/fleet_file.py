"""Read `fleet.toml`; report all problems at once."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from containers.worker.allora_worker import contract
from settings.checks import did_you_mean
from settings.errors import Problem, SettingsError
from settings.fleet import Fleet, FleetOptions, FleetWorker
from settings.loader import PROJECT, chosen_file, given_values, load_settings
from settings.model import Settings
from settings.secret_rules import is_secret_name, remedy_for, secret_kind
from settings.sections.forge_model import ForgeModelSettings
from settings.sections.model_server import ModelServerSettings
from settings.sections.worker import WorkerSettings
from settings.shown import shown
from settings.validation import Found, problems_of, unfit_values, validate
from settings.variable import example_of

FLEET_FILE: Final = "fleet.toml"

_SAMPLES: Final = PROJECT / "samples"

_NAME: Final = re.compile(r"[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?")
"""A worker's name is part of names of ECS, IAM and SSM, and of Terraform's addresses."""

_MOST_WORKERS: Final = 500
"""Of one stack: a larger plan takes minutes."""

_HOST_MODELS: Final = frozenset(
    str(field.alias) for field in ForgeModelSettings.model_fields.values()
) | {"MODEL_REF", "MODEL_REPO"}
"""Variables of a model that a host builds."""

_MODEL_SOURCES: Final = _HOST_MODELS | {"MODEL_IMAGE"}
"""Who sets one of them has chosen a model in place of the one that all share."""

OF_A_WORKER: Final = (
    frozenset(
        str(field.alias)
        for section in (WorkerSettings, ModelServerSettings)
        for field in section.model_fields.values()
    )
    - {"ALLORA_WORKER_NAME"}
    - _HOST_MODELS
)
"""Variables that may differ from worker to worker."""

_NO_HOST: Final = (
    "is for a model that a host builds, and a fleet has none.",
    "publish an image of the model, and name it in MODEL_IMAGE",
)

_OPTIONS: Final = frozenset(FleetOptions.model_fields)

_IS_TOML: Final = (
    'unlike in .env, a text is in quotes: ALLORA_WORKER_TOKEN = "ETH". Each table is there once. '
    "https://toml.io has examples"
)

_HAS_WORKERS: Final = (
    "add one: [workers.btc-day]. To stop a deployed fleet, keep its tables: paused = true in "
    "[fleet]; or remove it with allora destroy"
)


def load_fleet(
    env_file: Path | None = None, environ: Mapping[str, str] = os.environ
) -> Fleet | None:
    """Read and check the fleet; None if there is no file.

    Args:
        env_file: The settings that its workers share; by default that of `chosen_file`.
        environ: The environment variables, for what that file does not set.

    Raises:
        SettingsError: With all problems of one of the two files.
    """
    env_file = env_file or chosen_file(environ)
    path = fleet_file(env_file)
    if path is None:
        return None
    host = load_settings(env_file, environ)
    return _Reader(path, given_values(env_file, environ), host).read()


def names_to_complete(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the names of the file's workers, unchecked; none if it cannot be read."""
    path = fleet_file(chosen_file(environ))
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig")) if path else {}
    except (OSError, ValueError, RecursionError):
        return []
    workers = document.get("workers")
    return list(workers) if isinstance(workers, dict) else []


def fleet_file(env_file: Path | None) -> Path | None:
    """Return the file beside the settings file, if there is one."""
    folders = (env_file.parent,) if env_file else (Path(), PROJECT)
    # With a sample of settings, the sample of a fleet is not meant.
    meant = (folder for folder in folders if folder.resolve() != _SAMPLES)
    return next((file for folder in meant if (file := folder / FLEET_FILE).exists()), None)


class _Reader:
    """Reads one file.

    Args:
        path: Of the file.
        shared: The variables' values that all workers share.
        host: The same, checked: the settings of the single host beside the fleet.
    """

    def __init__(self, path: Path, shared: Mapping[str, str], host: Settings) -> None:
        self._path = path
        self._shared = shared
        self._host = host
        self._problems: list[Problem] = []

    def read(self) -> Fleet:
        """Return the fleet, or raise a SettingsError with all problems."""
        tables = self._tables()
        shared_options = tables["fleet"]
        self._refuse_unknown("fleet", shared_options, _OPTIONS, "NAME")
        if self._options("fleet", shared_options) is None:
            shared_options = {}  # what is wrong there is told once
        workers = [
            worker
            for name, table in tables["workers"].items()
            if (worker := self._worker(name, table, shared_options))
        ]
        if not tables["workers"]:
            self._add("workers", "has no workers.", _HAS_WORKERS)
        if len(tables["workers"]) > _MOST_WORKERS:
            self._add(
                "workers",
                f"has {len(tables['workers'])} workers; one fleet takes {_MOST_WORKERS}.",
                "split it by region or account",
            )
        if self._problems:
            raise SettingsError(str(self._path), self._problems)
        return Fleet(tuple(workers))

    def _tables(self) -> dict[str, dict[str, Any]]:
        """Return the two tables, empty where the file has none."""
        try:
            document = tomllib.loads(self._path.read_text(encoding="utf-8-sig"))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise self._refused(f"cannot be read: {reason}.") from None
        except UnicodeDecodeError:
            raise self._refused("is not UTF-8 text.", "save the file as UTF-8") from None
        except (ValueError, RecursionError) as error:
            raise self._refused(f"is not TOML: {error}.", _IS_TOML) from None
        for key in document:
            if key not in ("fleet", "workers"):
                self._add(
                    key,
                    f"is not a table of this file{did_you_mean(key, ('fleet', 'workers'))}",
                    "[fleet] has what all workers share, [workers.NAME] has one worker",
                )
        return {name: self._table(name, document.get(name, {})) for name in ("fleet", "workers")}

    def _worker(
        self, name: str, table: object, shared_options: Mapping[str, Any]
    ) -> FleetWorker | None:
        where = f"workers.{name}"
        own = self._table(where, table)
        before = len(self._problems)
        self._check_name(name, where)
        options = self._options(where, {**shared_options, **_only(own, _OPTIONS)})
        self._refuse_unknown(where, own, _OPTIONS | OF_A_WORKER, name)
        settings = self._settings(where, name, _only(own, OF_A_WORKER))
        if options is None or settings is None or len(self._problems) > before:
            return None
        return FleetWorker(settings, options)

    def _check_name(self, name: str, where: str) -> None:
        if not _NAME.fullmatch(name):
            self._add(
                where,
                "is not a name for a worker: at most 32 lower-case letters, digits and hyphens; a "
                "letter first, no hyphen last.",
                "rename it, as in [workers.btc-day]",
            )
        elif name == self._host.worker_name:
            self._add(
                where,
                "has the name of the single host's worker (ALLORA_WORKER_NAME), and so its wallet: "
                "two processes would sign with it.",
                "rename one of them; allora wallet import moves the wallet",
            )

    def _options(self, where: str, values: Mapping[str, Any]) -> FleetOptions | None:
        try:
            return FleetOptions.model_validate(_only(values, _OPTIONS))
        except ValidationError as error:
            for problem in problems_of(error, FleetOptions):
                given = values.get(problem.variable)
                message = f"{shown(str(given))} {problem.message}"
                self._add(f"{where}.{problem.variable}", message, problem.remedy)
            return None

    def _settings(self, where: str, name: str, own: Mapping[str, Any]) -> Settings | None:
        texts: dict[str, Found] = {}
        for variable, value in own.items():
            text = _text(value)
            if text is None:
                example = example_of(Settings.model_fields[_field(variable)])
                self._add(f"{where}.{variable}", "is not text.", f'{variable} = "{example}"')
            else:
                texts[variable] = Found(text)
        unfit = list(unfit_values(texts))
        refused = {problem.variable for problem in unfit}
        values = {
            **self._shared_by(own),
            **{variable: found.value for variable, found in texts.items()},
            "ALLORA_WORKER_NAME": name,
        }
        settings, invalid = validate(values, [])
        for problem in (*unfit, *(each for each in invalid if each.variable not in refused)):
            found = texts.get(problem.variable)
            value = found.shown(problem.variable) if found and problem not in unfit else ""
            self._add(f"{where}.{problem.variable}", value + problem.message, problem.remedy)
        if settings:
            self._check_task(where, settings)
        return settings

    def _shared_by(self, own: Mapping[str, Any]) -> dict[str, str]:
        """Return what a worker shares with the others: no model, if it has one of its own."""
        hidden = _MODEL_SOURCES if own.keys() & _MODEL_SOURCES else frozenset()
        return {name: value for name, value in self._shared.items() if name not in hidden}

    def _check_task(self, where: str, settings: Settings) -> None:
        """Refuse what a host can do and a task cannot."""
        if settings.model_port == contract.PORT:
            self._add(
                f"{where}.MODEL_PORT",
                f"{contract.PORT} is the worker's own port: worker and model share an address.",
                f"MODEL_PORT = {contract.MODEL_PORT}",
            )
        # A stranger's Dockerfile would be built where the images of all workers are made.
        for variable, is_set in (
            ("MODEL_REPO", settings.model_repo),
            ("MODEL_FORGE", settings.model_forge),
        ):
            if is_set:
                self._add(f"{where}.{variable}", *_NO_HOST)

    def _refuse_unknown(
        self, where: str, table: Mapping[str, Any], known: frozenset[str], worker: str
    ) -> None:
        for key, value in table.items():
            if key in known:
                continue
            if is_secret_name(key) or secret_kind(key) or secret_kind(str(value)):
                name = where if secret_kind(key) else f"{where}.{key}"
                message = "is a secret, which does not belong in this file."
                self._add(name, message, remedy_for(key, f" --worker {worker}"))
            elif key in _HOST_MODELS:
                self._add(f"{where}.{key}", *_NO_HOST)
            elif key in self._shared or key in _ALL:
                message = "cannot differ from worker to worker."
                self._add(f"{where}.{key}", message, f"set {key} in .env")
            else:
                self._add(f"{where}.{key}", f"is not known here{did_you_mean(key, known)}")

    def _table(self, name: str, value: object) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        self._add(name, "is not a table.", f"[{name}]")
        return {}

    def _add(self, variable: str, message: str, remedy: str = "") -> None:
        self._problems.append(Problem(variable, message, remedy))

    def _refused(self, message: str, remedy: str = "") -> SettingsError:
        return SettingsError(str(self._path), [Problem(self._path.name, message, remedy)])


_ALL: Final = frozenset(str(field.alias) for field in Settings.model_fields.values())


def _field(variable: str) -> str:
    return next(name for name, field in Settings.model_fields.items() if field.alias == variable)


def _only(table: Mapping[str, Any], keys: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key in keys}


def _text(value: object) -> str | None:
    """Return a variable's text: of a string, a whole number, or a list of both; else None."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        items = [_text(item) for item in value if not isinstance(item, list)]
        texts = [item for item in items if item is not None]
        return ",".join(texts) if len(texts) == len(value) else None
    return None
