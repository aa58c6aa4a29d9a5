"""The argument of `allora state …` that names a stack, and what its commands have in common."""

from __future__ import annotations

from typing import Annotated

import typer

from allora_cli.errors import ErrorCode, OperatorError
from shared.stacks import STACKS

Stack = Annotated[str, typer.Argument(metavar="STACK", help=f"{' or '.join(STACKS)}.")]
"""A stack that is named."""

Stacks = Annotated[
    str | None, typer.Argument(metavar="STACK", help=f"{' or '.join(STACKS)}; by default both.")
]
"""A stack, or both."""


def named(stack: str | None) -> tuple[str, ...]:
    """Return the stacks that an argument names."""
    if stack is None:
        return STACKS
    if stack not in STACKS:
        raise typer.BadParameter(f"{stack!r} is no stack; there are {' and '.join(STACKS)}.")
    return (stack,)


def declined() -> OperatorError:
    """Return the error of an operator who has said no."""
    return OperatorError(ErrorCode.DECLINED, "You did not agree. Nothing was changed.")
