"""How AWS says no, in each of its protocols."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from moto.core.serialize import get_serializer_class
from werkzeug.wrappers import Response

from devtools.embedded_aws.front.call import Call


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


def answer(call: Call, refused: RefusedError) -> Response:
    """Return the answer to a call that is refused."""
    serializer = get_serializer_class(call.service, call.protocol)(operation_model=call.operation)
    written = serializer.serialize(refused)
    return Response(written["body"], refused.status, dict(written["headers"]))
