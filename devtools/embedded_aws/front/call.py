"""A request to AWS, read with AWS's own service models."""

from __future__ import annotations

import gzip
import io
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from botocore.exceptions import UnknownServiceError
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from moto.iam.models import get_account_id_from
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

_SCOPE: Final = re.compile(
    r"Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request"
)
"""The credential scope of a signature.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html
"""

_MODELS: Final = {"monitoring": "cloudwatch", "servicequotas": "service-quotas"}
"""The service models whose names differ from those that their requests are signed for."""

_IN_USE: Final = (
    *("cloudwatch", "codebuild", "ec2", "ecr", "ecs"),
    *("freetier", "iam", "logs", "pricing", "s3", "service-quotas", "sns", "ssm", "sts"),
)


@dataclass(frozen=True)
class Call:
    """An operation of AWS that somebody asks for.

    Attributes:
        service: botocore's name of the service, such as `cloudwatch`.
        region: the region that the request is signed for.
        access_key: the id of the access key that signed it.
        operation: the operation's model.
        protocol: how it is written, such as `query`.
        parameters: the input, by the names of the model.
    """

    service: str
    region: str
    access_key: str
    operation: OperationModel
    protocol: str
    parameters: dict[str, Any]

    @property
    def account_id(self) -> str:
        """Return the account that the access key belongs to."""
        return str(get_account_id_from(self.access_key))

    @property
    def name(self) -> str:
        """Return the operation's name, such as `RunInstances`."""
        return str(self.operation.name)

    def answer(self, result: object, status: int = HTTPStatus.OK) -> Response:
        """Return an answer with the output, or with an error, in the call's protocol."""
        serializer = get_serializer_class(self.service, self.protocol)
        written = serializer(operation_model=self.operation).serialize(result)
        return Response(written["body"], status, dict(written["headers"]))


def load_models() -> None:
    """Load the models of the services in use, which takes as long as hundreds of requests."""
    for service in _IN_USE:
        get_service_router(service)


def read(environ: dict[str, Any]) -> Call | None:
    """Return the call of a request, which can be read again afterwards.

    Returns:
        None for a request that is not signed, or whose service or operation botocore does not know.
    """
    scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    if scope is None:
        return None
    service = _MODELS.get(scope["service"], scope["service"])
    body = _body(environ)
    # The clients compress large requests; an object in S3 is stored as it comes.
    if environ.get("HTTP_CONTENT_ENCODING") == "gzip" and service != "s3":
        body = gzip.decompress(body)
    request = Request({**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))})
    try:
        operation, uri_parameters = get_service_router(service).match(request)
        protocol = determine_request_protocol(get_service_model(service), request.content_type)
    except (UnknownServiceError, NotFound, NotImplementedError):
        return None
    parameters = PROTOCOL_PARSERS[protocol](operation).parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.data,
            "url_path": request.path,
            "url_params": uri_parameters,
        }
    )
    return Call(
        service=service,
        region=scope["region"],
        access_key=scope["key"],
        operation=operation,
        protocol=protocol,
        parameters=parameters,
    )


def _body(environ: dict[str, Any]) -> bytes:
    """Return the body, and leave it to be read once more."""
    stream = environ["wsgi.input"]
    # A body in chunks ends by itself; any other one leaves the connection open.
    length = None if environ.get("wsgi.input_terminated") else environ.get("CONTENT_LENGTH") or 0
    body: bytes = stream.read() if length is None else stream.read(int(length))
    environ["wsgi.input"] = io.BytesIO(body)
    return body
