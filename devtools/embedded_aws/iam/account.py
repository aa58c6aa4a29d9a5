"""What the embedded AWS knows of its callers, roles and tags."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.ec2.models import ec2_backends
from moto.iam.access_control import AssumedRoleAccessKey, IAMPolicy, IAMUserAccessKey
from moto.iam.exceptions import NotFoundException
from moto.iam.models import IAMBackend, iam_backends
from moto.sts.models import STSBackend, sts_backends


@dataclass(frozen=True)
class Caller:
    """A user, or a role that is assumed.

    Attributes:
        arn: as STS names it.
        principal: the ARN of the user or the role, whose policies count.
    """

    arn: str
    principal: str


@dataclass(frozen=True)
class Account:
    """An account of the embedded AWS."""

    id: str
    partition: str

    @property
    def _iam(self) -> IAMBackend:
        return iam_backends[self.id][self.partition]

    @property
    def _sts(self) -> STSBackend:
        return sts_backends[self.id][self.partition]

    def caller(self, access_key: str) -> Caller | None:
        """Return whose an access key is; None for one of the account's root user.

        Unknown keys are the root user's, as are those of a role that nobody has made: with them
        the tests play AWS itself, and other accounts.
        """
        key = self._iam.access_keys.get(access_key)
        if key is None:
            return None
        if key.user_name:
            arn = self.arn("user", key.user_name)
            return Caller(arn, arn)
        session = self._sts.get_assumed_role_from_access_key(access_key)
        known = {role.arn for role in self._iam.roles.values()}
        if session is None or session.role_arn not in known:
            return None
        return Caller(session.arn, session.role_arn)

    def policies(self, principal: str) -> list[Mapping[str, Any]]:
        """Return the documents of a user's or a role's policies.

        Raises:
            NotFoundException: there is none of this ARN.
        """
        name = principal.rpartition("/")[2]
        key: Any
        if ":role/" in principal:
            self._iam.get_role(name)
            key = AssumedRoleAccessKey.__new__(AssumedRoleAccessKey)
            key._owner_role_name = name  # noqa: SLF001
        else:
            self._iam.get_user(name)
            key = IAMUserAccessKey.__new__(IAMUserAccessKey)
            key._owner_user_name = name  # noqa: SLF001
        key.account_id, key.partition = self.id, self.partition
        return [IAMPolicy(each)._policy_json for each in key.collect_policies()]  # noqa: SLF001

    def arn(self, kind: str, name: str, path: str = "/") -> str:
        """Return the ARN of a role, user, instance profile or policy, also of one not there yet."""
        read: Mapping[str, Callable[[str], Any]] = {
            "instance-profile": self._iam.get_instance_profile,
            "role": self._iam.get_role,
            "user": self._iam.get_user,
        }
        try:
            return str(read[kind](name).arn)
        except (KeyError, NotFoundException):
            return f"arn:{self.partition}:iam::{self.id}:{kind}{path}{name}"

    def has_role(self, name: str) -> bool:
        """Return whether there is a role of this name."""
        return any(role.name == name for role in self._iam.roles.values())

    def roles_of_profile(self, name: str) -> list[str]:
        """Return the ARNs of an instance profile's roles."""
        roles = self._iam.get_instance_profile(name).roles
        return [self.arn("role", role.name) for role in roles]

    def tags(self, resource: str) -> dict[str, str]:
        """Return the condition keys for the tags of a resource of EC2."""
        parts = resource.split(":", 5)
        if parts[2:3] != ["ec2"]:
            return {}
        tags = ec2_backends[self.id][parts[3]].tags.get(parts[5].rpartition("/")[2], {})
        return {f"aws:ResourceTag/{key}": str(value) for key, value in tags.items()}
