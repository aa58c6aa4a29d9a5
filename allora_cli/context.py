"""The context of every command: settings, names, and an AWS session."""

from __future__ import annotations

from dataclasses import dataclass

import boto3

from allora_cli.aws.session import open_session
from settings import Settings, load_settings
from settings.fleet import Fleet
from settings.fleet_file import load_fleet
from settings.names import Names


@dataclass(frozen=True)
class Context:
    """One worker in one account and region; the session is for clients in that region.

    Attributes:
        fleet: the workers of the fleet file; None without one.
    """

    settings: Settings
    names: Names
    session: boto3.Session
    fleet: Fleet | None = None


def open_context() -> Context:
    """Read the settings, and open a session in their account.

    Raises:
        SettingsError: the settings are wrong.
        OperatorError: the credentials belong to another account.
    """
    settings = load_settings()
    fleet = load_fleet()
    return Context(settings, Names(settings), open_session(settings), fleet)
