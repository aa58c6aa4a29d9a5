"""What is deployed of a fleet."""

from __future__ import annotations

from allora_cli.context import FleetContext
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.terraform.deployment import read_outputs
from shared.stacks import FLEET


def require_dashboard(fleet: FleetContext) -> str:
    """Return the URL of the fleet's dashboard.

    Raises:
        OperatorError: The fleet is not deployed.
    """
    url: str | None = read_outputs(fleet.shared, FLEET).get("dashboard_url")
    if url is None:
        raise not_deployed(fleet)
    return url


def not_deployed(fleet: FleetContext) -> OperatorError:
    """Return the error about a fleet that is not there."""
    settings = fleet.shared.settings
    return OperatorError(
        ErrorCode.NOT_DEPLOYED,
        f"The fleet is not deployed in account {settings.aws_account_id}, {settings.aws_region}. "
        "Deploy it: allora deploy",
    )
