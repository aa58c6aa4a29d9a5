"""What an report has learnt so far, for the checks that come later."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import boto3
from botocore.config import Config

from settings import Settings
from settings.names import Names

_T = TypeVar("_T")

QUICK: Final = Config(
    connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 2}
)
"""A client that gives up soon: what does not answer now is shown as unknown."""

_HOME_REGION: Final = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


@dataclass(frozen=True)
class Caller:
    """Whose the credentials are.

    Attributes:
        arn: of a user, of a role that was assumed, or of the account's root user.
        account_id: 12 digits.
    """

    arn: str
    account_id: str


class CheckContext:
    """One report; checks that succeed leave here what others need.

    Attributes:
        deployed: whether a worker is deployed; None as long as that is not known.
        stored_secrets: the names of the parameters that there are; None as long as that is not
            known.
        address: the wallet's address; None as long as that is not known.
    """

    def __init__(self) -> None:
        self._settings: Settings | None = None
        self._session: boto3.Session | None = None
        self._caller: Caller | None = None
        self._lock = threading.Lock()
        self.deployed: bool | None = None
        self.stored_secrets: frozenset[str] | None = None
        self.address: str | None = None

    def opens_with(self, settings: Settings) -> None:
        """The check of the settings has succeeded."""
        self._settings = settings

    def signs_in(self, session: boto3.Session, caller: Caller) -> None:
        """The check of the credentials has succeeded."""
        self._session, self._caller = session, caller

    @property
    def settings(self) -> Settings:
        """For checks that need the check "settings"."""
        return _there(self._settings)

    @property
    def names(self) -> Names:
        """For checks that need the check "settings"."""
        return Names(self.settings)

    @property
    def caller(self) -> Caller:
        """For checks that need the check "credentials"."""
        return _there(self._caller)

    @property
    def session(self) -> boto3.Session | None:
        """None as long as there are no credentials that work."""
        return self._session

    @property
    def known_settings(self) -> Settings | None:
        """None as long as they could not be read."""
        return self._settings

    @property
    def home_region(self) -> str:
        """A region of the partition that cannot be disabled."""
        return _HOME_REGION[self.settings.partition]

    def client(self, make: Callable[[boto3.Session], _T]) -> _T:
        """A client for AWS, made by one thread at a time: a session is not made for several.

        https://docs.aws.amazon.com/boto3/latest/guide/session.html#multithreading-or-multiprocessing-with-sessions
        """
        with self._lock:
            return make(_there(self._session))


def _there(value: _T | None) -> _T:
    if value is None:
        raise LookupError("a check does not name the one that it needs")
    return value
