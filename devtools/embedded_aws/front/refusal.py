"""How AWS says no."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus


@dataclass
class RefusedError(Exception):
    """AWS does not carry out a call.

    Attributes:
        code: the code of the error, such as `InvalidParameterValue`.
        message: what is wrong, in AWS's words.
        status: the status of HTTP.
    """

    code: str
    message: str
    status: int = HTTPStatus.BAD_REQUEST
