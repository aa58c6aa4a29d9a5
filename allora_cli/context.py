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
        fleet: The workers of `fleet.toml`; None without one.
        option: What a command takes to act on this worker, with a blank before it; empty where
            there is but one.
        opened: The context that this one was made from; None for the single host's.
    """

    settings: Settings
    names: Names
    session: boto3.Session
    fleet: Fleet | None = None
    option: str = ""
    opened: Context | None = None

    @property
    def shared(self) -> Context:
        """The context of the single host, whose settings all workers share."""
        return self.opened or self

    @property
    def is_in_fleet(self) -> bool:
        """Whether it is a worker of `fleet.toml`."""
        workers = self.fleet.workers if self.fleet else ()
        return any(worker.name == self.settings.worker_name for worker in workers)

    def of(self, settings: Settings) -> Context:
        """Return the context of another worker in the same account and region."""
        return replace(
            self,
            settings=settings,
            names=Names(settings),
            option=f" --worker {settings.worker_name}",
            opened=self.shared,
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
            raise _no_such_worker(name, self.shared)
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
    fleet = load_fleet()
    option = host_option(settings, fleet)
    context = Context(settings, Names(settings), open_session(settings), fleet, option)
    return context if worker is None else context.of(_settings_of(worker, context))


def host_option(settings: Settings, fleet: Fleet | None) -> str:
    """Return `Context.option` of the single host's worker: empty where there is no fleet."""
    return f" --worker {settings.worker_name}" if fleet else ""


def open_worker(worker: str | None) -> Context:
    """Open the context of a command that acts on one worker, of which a fleet has many.

    Args:
        worker: The name. None is the single host's, where there is no fleet.

    Raises:
        SettingsError: The settings are wrong.
        OperatorError: There is no such worker, the fleet's worker is not named, or the credentials
            belong to another account.
    """
    context = open_context(worker)
    if worker is None and context.fleet:
        raise OperatorError(
            ErrorCode.WORKER_NAME, f"Which worker? Add --worker and a name. {_names(context)}"
        )
    return context


def open_fleet() -> FleetContext | None:
    """Read `fleet.toml` and the settings, and open a session in their account.

    Returns:
        None if there is no such file.

    Raises:
        SettingsError: The settings are wrong.
        OperatorError: The credentials belong to another account.
    """
    return fleet_of(open_context())


def fleet_of(context: Context) -> FleetContext | None:
    """Return the fleet in a context's account and region; None if there is no `fleet.toml`."""
    if context.fleet is None:
        return None
    return FleetContext(context.shared, context.fleet, FleetNames(context.shared.settings))


def meant_fleet(context: Context, worker: str | None) -> FleetContext | None:
    """Return the fleet that a command is about; None if it is about the single host.

    Args:
        context: Of `open_context`, for the same worker.
        worker: The name that was given; None means all workers.
    """
    return fleet_of(context) if worker is None or context.is_in_fleet else None


def require_fleet() -> FleetContext:
    """Return `open_fleet`'s; raise an OperatorError if there is no `fleet.toml`."""
    fleet = open_fleet()
    if fleet is None:
        raise OperatorError(
            ErrorCode.FLEET_FILE, f"There is no {FLEET_FILE} beside the settings file."
        )
    return fleet


def _settings_of(name: str, context: Context) -> Settings:
    host = context.settings
    workers = context.fleet.workers if context.fleet else ()
    found = {host.worker_name: host, **{each.name: each.settings for each in workers}}
    if name not in found:
        raise _no_such_worker(name, context)
    return found[name]


def _no_such_worker(name: str, context: Context) -> OperatorError:
    names = [each.name for each in context.fleet.workers] if context.fleet else []
    likely = did_you_mean(name, [*names, context.settings.worker_name])
    kept = f" {_WALLET_STAYS}" if context.fleet else ""
    return OperatorError(
        ErrorCode.WORKER_NAME, f"There is no worker {name!r}{likely} {_names(context)}{kept}"
    )


_MOST_NAMES: Final = 20

_WALLET_STAYS: Final = (
    "The wallet of a worker that was removed or renamed is still stored: to reach it, put the "
    "worker's table back, with paused = true."
)


def _names(context: Context) -> str:
    """Return a sentence with the names that a command takes."""
    host = f"the single host's worker is {context.settings.worker_name}."
    if context.fleet is None:
        return f"There is no {FLEET_FILE}; {host}"
    names = [worker.name for worker in context.fleet.workers]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"{FLEET_FILE} has {', '.join(names[:_MOST_NAMES])}{more}; {host}"
