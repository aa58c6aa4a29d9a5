"""The argument of `allora state …` that names a stack, and what its commands have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from allora_cli.errors import ErrorCode, OperatorError
from shared.stacks import ALL_STACKS

if TYPE_CHECKING:
    from allora_cli.context import Context

_NAMES: Final = f"{', '.join(ALL_STACKS[:-1])} or {ALL_STACKS[-1]}"

Stack = Annotated[str, typer.Argument(metavar="STACK", help=f"{_NAMES}.")]
"""A stack that is named."""

Stacks = Annotated[
    str | None, typer.Argument(metavar="STACK", help=f"{_NAMES}; by default all that you use.")
]
"""A stack, or all of the app."""


def named(context: Context, stack: str | None) -> tuple[str, ...]:
    """Return the stacks that an argument names; by default all that the settings describe."""
    from allora_cli.terraform.handled_stacks import app_stacks

    if stack is None:
        return app_stacks(context)
    if stack not in ALL_STACKS:
        raise typer.BadParameter(f"{stack!r} is no stack; there are {', '.join(ALL_STACKS)}.")
    return (stack,)


def declined() -> OperatorError:
    """Return the error of an operator who has said no."""
    return OperatorError(ErrorCode.DECLINED, "You did not agree. Nothing was changed.")
