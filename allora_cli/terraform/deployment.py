"""What is deployed, as Terraform's state in S3 has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allora_cli.context import Context
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.terraform.state_objects import state_of
from shared.stacks import SINGLE_NODE


@dataclass(frozen=True)
class Deployment:
    """The outputs of the stack `allora-single-node` (docs/architecture.md)."""

    instance_id: str
    public_ip: str
    dashboard_url: str


def find_deployment(context: Context) -> Deployment | None:
    """What is deployed; None when nothing is, or not the whole of it.

    Reading a state takes no lock: it is the last one that was written.
    """
    outputs = read_outputs(context)
    # A deployment that has stopped halfway leaves some of them.
    if not Deployment.__annotations__.keys() <= outputs.keys():
        return None
    return Deployment(**{name: outputs[name] for name in Deployment.__annotations__})


def require_deployment(context: Context) -> Deployment:
    """What is deployed.

    Raises:
        OperatorError: nothing is.
    """
    deployment = find_deployment(context)
    if deployment is None:
        raise OperatorError(
            ErrorCode.NOT_DEPLOYED,
            f"The worker {context.settings.worker_name!r} is not deployed in account "
            f"{context.settings.aws_account_id}, {context.settings.aws_region}. "
            "Deploy it: allora deploy",
        )
    return deployment


def read_outputs(context: Context) -> dict[str, Any]:
    """The outputs in the state of `allora-single-node`; empty when there is no state."""
    outputs = state_of(context, SINGLE_NODE).get("outputs", {})
    return {name: output["value"] for name, output in outputs.items()}
