"""State that the checks of one report share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

import boto3

from allora_cli.aws.queries import QUICK
from allora_cli.context import host_option
from settings import Settings
from settings.fleet import Fleet
from settings.names import FleetNames, Names

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ssm import SSMClient

_T = TypeVar("_T")

_HOME_REGION: Final = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


@dataclass
class CheckContext:
    """Results that checks leave for later checks; each is None until it is known.

    Attributes:
        known_settings: set by the check "settings".
        fleet: the workers on Fargate, set by the same; None without a fleet file.
        session: set by the check "credentials".
        caller_arn: the credentials' user, assumed role or root user.
        deployed: whether a single host is deployed.
        was_killed: whether a run on this computer was killed, and its lock remains.
        stored_secrets: names of the stored parameters.
        topic_names: the topics' metadata on the chain, by id; empty if it does not answer.
        address: the wallet's address.
        uallo: its balance.
        fleet_addresses: the wallets' addresses of the fleet's workers, by name.
    """

    known_settings: Settings | None = None
    fleet: Fleet | None = None
    session: boto3.Session | None = None
    caller_arn: str | None = None
    deployed: bool | None = None
    was_killed: bool = False
    stored_secrets: frozenset[str] | None = None
    topic_names: Mapping[int, str] = field(default_factory=dict)
    address: str | None = None
    uallo: int | None = None
    fleet_addresses: Mapping[str, str] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def settings(self) -> Settings:
        """Return the settings, for checks that need "settings"."""
        return require(self.known_settings)

    @property
    def names(self) -> Names:
        """Return the names in AWS, for checks that need "settings"."""
        return Names(self.settings)

    @property
    def fleet_names(self) -> FleetNames:
        """Return the fleet's names in AWS, for checks that need "settings"."""
        return FleetNames(self.settings)

    @property
    def option(self) -> str:
        """Return what a command takes to act on the single host's worker, as `Context.option`."""
        return host_option(self.settings, self.fleet)

    @property
    def home_region(self) -> str:
        """Return a region of the partition that cannot be disabled."""
        return _HOME_REGION[self.settings.partition]

    @property
    def ec2(self) -> EC2Client:
        """Return a client for EC2 in the worker's region."""
        return self.client(lambda session: session.client("ec2", config=QUICK))

    @property
    def ssm(self) -> SSMClient:
        """Return a client for SSM in the worker's region."""
        return self.client(lambda session: session.client("ssm", config=QUICK))

    def client(self, make: Callable[[boto3.Session], _T]) -> _T:
        """Return a new client; one thread at a time makes one, since sessions are not thread-safe.

        https://docs.aws.amazon.com/boto3/latest/guide/session.html#multithreading-or-multiprocessing-with-sessions
        """
        with self._lock:
            return make(require(self.session))


def require(value: _T | None) -> _T:
    """Return a result of an earlier check.

    Raises:
        LookupError: the check does not name the one that it needs.
    """
    if value is None:
        raise LookupError("a check does not name the one that it needs")
    return value
