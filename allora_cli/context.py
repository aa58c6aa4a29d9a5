"""The context of every command: settings, names, and an AWS session."""

from __future__ import annotations

from dataclasses import dataclass

import boto3

from allora_cli.aws.session import open_session
from settings import Settings, load_settings
from settings.names import Names


@dataclass(frozen=True)
class Context:
    """One worker in one account and region; the session is for clients in that region."""

    settings: Settings
    names: Names
    session: boto3.Session


def open_context() -> Context:
    """Read the settings, and open a session in their account.

    Raises:
        SettingsError: the settings are wrong.
        OperatorError: the credentials belong to another account.
    """
    settings = load_settings()
    return Context(settings, Names(settings), open_session(settings))
