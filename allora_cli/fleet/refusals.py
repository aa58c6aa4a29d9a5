"""Refuse what only a host can do."""

from __future__ import annotations

from allora_cli.context import Context
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.terraform.deployment import find_deployment
from settings.fleet_file import FLEET_FILE


def not_in_a_fleet(what: str, instead: str) -> OperatorError:
    """Return the error about a command that needs a host.

    Args:
        what: The command and what it does, as a main clause.
        instead: What to type.
    """
    return OperatorError(
        ErrorCode.NOT_IN_A_FLEET,
        f"{what}, and the workers of {FLEET_FILE} run on Fargate, without one. {instead}",
    )


def model_is_not_logged(worker: str) -> OperatorError:
    """Return the error about the log of a worker's model, which is not kept."""
    return OperatorError(
        ErrorCode.NOT_IN_A_FLEET,
        f"What the model of {worker} prints is not kept, because its image may be anybody's. If "
        f"you trust it: model_logs = true in its table of {FLEET_FILE}, then allora deploy",
    )


def require_host(context: Context, what: str, instead: str) -> None:
    """Raise an OperatorError where there is a fleet and no single host; see `not_in_a_fleet`."""
    if context.fleet and find_deployment(context) is None:
        raise not_in_a_fleet(what, instead)
