"""Names of stacks, states and outputs: a contract (docs/architecture.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

COMMON: Final = "allora-common"
SINGLE_NODE: Final = "allora-single-node"
FLEET: Final = "allora-fleet"

STACKS: Final = (COMMON, SINGLE_NODE)
"""Without a fleet, in the order of deployment."""

ALL_STACKS: Final = (*STACKS, FLEET)
"""With a fleet, likewise."""

ARCHIVE_PREFIX: Final = f"{SINGLE_NODE}/build-contexts"
"""Prefix of the host archives in the state bucket."""

FLEET_CONTEXTS_PREFIX: Final = f"{FLEET}/build-contexts"
"""Prefix of the fleet's build contexts in the state bucket."""

IMPORTS_FILE: Final = "imports.tf.json"
"""The file in a stack's folder with what Terraform is to import; a synth removes it."""


def state_key(stack: str) -> str:
    """Return the key of a stack's state; with another key, Terraform would create all anew."""
    return f"{stack}/terraform.tfstate"


def lock_key(stack: str) -> str:
    """Return the key of a state's lock.

    https://developer.hashicorp.com/terraform/language/backend/s3#state-locking
    """
    return f"{state_key(stack)}.tflock"


@dataclass(frozen=True)
class SingleNodeOutputs:
    """The outputs of `allora-single-node`, by field name."""

    instance_id: str
    public_ip: str
    vpc_id: str
    subnet_id: str
    security_group_id: str
    connect_command: str
    dashboard_url: str


@dataclass(frozen=True)
class FleetOutputs:
    """The outputs of `allora-fleet`, by field name."""

    cluster_name: str
    vpc_id: str
    subnet_id: str
    security_group_id: str
    dashboard_url: str
