"""Which stacks a command handles."""

from __future__ import annotations

from allora_cli.context import Context
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.terraform.state_objects import resources_of
from settings.fleet_file import FLEET_FILE
from shared.stacks import ALL_STACKS, COMMON, FLEET, SINGLE_NODE, STACKS

_ONLY_FOR_A_FLEET = "aws_codebuild_project"
"""A resource of `allora-common` that is there for a fleet alone."""


def app_stacks(context: Context) -> tuple[str, ...]:
    """Return the stacks that the settings describe, in the order of deployment."""
    return ALL_STACKS if context.fleet else STACKS


def handled_stacks(context: Context) -> tuple[str, ...]:
    """Return the stacks that are deployed and destroyed, in the order of deployment.

    With a fleet, the single host is among them only if it is deployed already.

    Raises:
        OperatorError: a fleet is deployed, and its file is not there.
    """
    if context.fleet:
        has_host = bool(resources_of(context, SINGLE_NODE))
        return ALL_STACKS if has_host else (COMMON, FLEET)
    _require_no_fleet(context)
    return STACKS


def _require_no_fleet(context: Context) -> None:
    """Make sure that no tasks lose what they need, which is in `allora-common`.

    The state of `allora-fleet` is read only where there was a fleet: who has none needs no
    permission for it.

    Raises:
        OperatorError: a fleet is deployed.
    """
    common = resources_of(context, COMMON)
    if not any(each["type"] == _ONLY_FOR_A_FLEET for each in common):
        return
    if left := len(resources_of(context, FLEET)):
        raise OperatorError(
            ErrorCode.FLEET_FILE,
            f"{FLEET_FILE} is not there, but {FLEET} is deployed, with {left} resources. Without "
            "the file, the roles and images that its workers need would be destroyed. Nothing was "
            f"changed. Bring {FLEET_FILE} back. To remove the fleet alone, then: cdktf destroy "
            f"{FLEET}; to remove everything: allora destroy",
        )
