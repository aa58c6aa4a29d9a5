"""The context of every command: settings, names, and an AWS session."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import boto3

from allora_cli.aws.session import open_session
from allora_cli.errors import ErrorCode, OperatorError
from settings import Settings, load_settings
from settings.checks import did_you_mean
from settings.fleet import Fleet, FleetWorker
from settings.fleet_file import FLEET_FILE, load_fleet
from settings.names import FleetNames, Names


@dataclass(frozen=True)
class Context:
    """One worker in one account and region; the session is for clients in that region.

    Attributes:
        option: What a command takes to act on this worker, with a blank before it; empty where
            there is but one.
    """

    settings: Settings
    names: Names
    session: boto3.Session
    option: str = ""

    def of(self, settings: Settings) -> Context:
        """Return the context of another worker in the same account and region."""
        return replace(
            self, settings=settings, names=Names(settings), option=_option(settings.worker_name)
        )


@dataclass(frozen=True)
class FleetContext:
    """The workers of `fleet.toml`, in the account and region of the settings they share.

    Attributes:
        shared: The context of the single host, whose settings the workers share.
    """

    shared: Context
    fleet: Fleet
    names: FleetNames

    @property
    def session(self) -> boto3.Session:
        """The session for clients in the fleet's region."""
        return self.shared.session

    def of(self, worker: FleetWorker) -> Context:
        """Return the context of one worker."""
        return self.shared.of(worker.settings)

    def worker(self, name: str) -> FleetWorker:
        """Return a worker by its name.

        Raises:
            OperatorError: The file has no such worker.
        """
        found = next((worker for worker in self.fleet.workers if worker.name == name), None)
        if found is None:
            raise _no_such_worker(name, self.shared.settings, self.fleet)
        return found


def open_context(worker: str | None = None) -> Context:
    """Read the settings, and open a session in their account.

    Args:
        worker: The name of a worker of the fleet, or of the single host's. None is the latter.

    Raises:
        SettingsError: The settings are wrong.
        OperatorError: There is no such worker, or the credentials belong to another account.
    """
    settings = load_settings()
    context = Context(settings, Names(settings), open_session(settings))
    return context if worker is None else context.of(_settings_of(worker, settings))


def open_worker(worker: str | None) -> Context:
    """Open the context of a command that acts on one worker, of which a fleet has many.

    Args:
        worker: The name. None is the single host's, where there is no fleet.

    Raises:
        SettingsError: The settings are wrong.
        OperatorError: There is no such worker, the fleet's worker is not named, or the credentials
            belong to another account.
    """
    if worker is None and (fleet := load_fleet()):
        raise OperatorError(
            ErrorCode.WORKER_NAME,
            f"Which worker? Add --worker and a name. {_names(load_settings(), fleet)}",
        )
    return open_context(worker)


def open_fleet() -> FleetContext | None:
    """Read `fleet.toml` and the settings, and open a session in their account.

    Returns:
        None if there is no such file.

    Raises:
        SettingsError: The settings are wrong.
        OperatorError: The credentials belong to another account.
    """
    fleet = load_fleet()
    if fleet is None:
        return None
    shared = open_context()
    return FleetContext(shared, fleet, FleetNames(shared.settings))


def require_fleet() -> FleetContext:
    """Return `open_fleet`'s; raise an OperatorError if there is no `fleet.toml`."""
    fleet = open_fleet()
    if fleet is None:
        raise OperatorError(
            ErrorCode.WORKER_NAME, f"There is no {FLEET_FILE} beside the settings file."
        )
    return fleet


def _option(name: str) -> str:
    return f" --worker {name}"


def _settings_of(name: str, host: Settings) -> Settings:
    fleet = load_fleet()
    workers = {worker.name: worker.settings for worker in fleet.workers} if fleet else {}
    found = {**workers, host.worker_name: host}.get(name)
    if found is None:
        raise _no_such_worker(name, host, fleet)
    return found


def _no_such_worker(name: str, host: Settings, fleet: Fleet | None) -> OperatorError:
    names = [worker.name for worker in fleet.workers] if fleet else []
    likely = did_you_mean(name, [*names, host.worker_name])
    return OperatorError(
        ErrorCode.WORKER_NAME, f"There is no worker {name!r}{likely} {_names(host, fleet)}"
    )


_MOST_NAMES: Final = 20


def _names(host: Settings, fleet: Fleet | None) -> str:
    """Return a sentence with the names that a command takes."""
    if fleet is None:
        return f"There is no {FLEET_FILE}; the single host's worker is {host.worker_name}."
    names = [worker.name for worker in fleet.workers]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return (
        f"{FLEET_FILE} has {', '.join(names[:_MOST_NAMES])}{more}; the single host's worker is "
        f"{host.worker_name}."
    )
