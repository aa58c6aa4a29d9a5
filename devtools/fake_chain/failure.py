"""How a node says that something went wrong with a transaction."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import Field


class Failure(NamedTuple):
    """How a node reports that it does not take a transaction.

    Attributes:
        code: The error's number within its code space; never 0.
        codespace: The module that defines the code: `sdk` or `emissions`.
        log: The text for people, which clients search for hints too.
    """

    code: Annotated[int, Field(gt=0)]
    codespace: str
    log: str
