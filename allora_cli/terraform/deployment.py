"""What is deployed, as Terraform's state in S3 has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allora_cli.context import Context
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.terraform.running_costs import COSTLY, RunningCosts, name_of, price
from allora_cli.terraform.state_objects import resources_of, state_of
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
        OperatorError: nothing is, or only a part.
    """
    deployment = find_deployment(context)
    if deployment is None:
        _require_nothing_left(context)
        raise OperatorError(
            ErrorCode.NOT_DEPLOYED,
            f"The worker {context.settings.worker_name!r} is not deployed in account "
            f"{context.settings.aws_account_id}, {context.settings.aws_region}. "
            "Deploy it: allora deploy",
        )
    return deployment


def _require_nothing_left(context: Context) -> None:
    """Make sure that no run has stopped halfway.

    Raises:
        OperatorError: one has; the message names what costs money.
    """
    resources = resources_of(context, SINGLE_NODE)
    if not resources:
        return
    costs = RunningCosts(context)
    costly = [
        f"{name_of(type_, values)}, {price(costs.monthly(type_, values))}"
        for type_, values in ((each["type"], each["values"]) for each in resources)
        if type_ in COSTLY
    ]
    raise OperatorError(
        ErrorCode.PARTLY_DEPLOYED,
        f"The worker {context.settings.worker_name!r} is there in part: a deployment or a destroy "
        f"has stopped halfway, and {len(resources)} resources of {SINGLE_NODE} are left. "
        f"{_bill(costly)} To complete it: allora deploy. To remove it: allora destroy",
    )


def _bill(costly: list[str]) -> str:
    if not costly:
        return "None of them costs money by the hour."
    return f"What costs money: {'; '.join(costly)}."


def read_outputs(context: Context, stack: str = SINGLE_NODE) -> dict[str, Any]:
    """The outputs in the state of a stack; empty when there is no state."""
    outputs = state_of(context, stack).get("outputs", {})
    return {name: output["value"] for name, output in outputs.items()}
