"""What every command works with: the settings, the names, and a way to AWS."""

from __future__ import annotations

from dataclasses import dataclass

import boto3

from allora_cli.aws.session import open_session
from settings import Settings, load_settings
from settings.names import Names


@dataclass(frozen=True)
class Context:
    """The operator's place: one worker in one account and region.

    Attributes:
        settings: from .env.
        names: what lies in AWS under which name.
        session: with the operator's credentials; for clients in the worker's region.
    """

    settings: Settings
    names: Names
    session: boto3.Session


def open_context() -> Context:
    """Reads the settings and opens a session in the account that they name.

    Raises:
        SettingsError: the settings are wrong.
        OperatorError: the credentials are another account's.
    """
    settings = load_settings()
    return Context(settings, Names(settings), open_session(settings))
