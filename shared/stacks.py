"""The stacks and what they leave for others to find: a contract (docs/architecture.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

COMMON: Final = "allora-common"
SINGLE_NODE: Final = "allora-single-node"

STACKS: Final = (COMMON, SINGLE_NODE)
"""In the order in which they are deployed."""

ARCHIVE_PREFIX: Final = f"{SINGLE_NODE}/build-contexts"
"""Begins the keys of the host's archives in the state bucket."""


def state_key(stack: str) -> str:
    """Return the key of a stack's state in the state bucket.

    Never change one: Terraform would find no state and create everything anew.
    """
    return f"{stack}/terraform.tfstate"


def lock_key(stack: str) -> str:
    """Return the key of the object that exists while a state is locked.

    https://developer.hashicorp.com/terraform/language/backend/s3#state-locking
    """
    return f"{state_key(stack)}.tflock"


@dataclass(frozen=True)
class SingleNodeOutputs:
    """The outputs of `allora-single-node`; the names of the fields are those of the outputs."""

    instance_id: str
    public_ip: str
    vpc_id: str
    subnet_id: str
    security_group_id: str
    connect_command: str
    dashboard_url: str
