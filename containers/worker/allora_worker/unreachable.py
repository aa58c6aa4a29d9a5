"""Says why a server cannot be asked, in a sentence that names the server."""

from __future__ import annotations

import errno
import socket
import ssl
from typing import Final

import aiohttp
from grpclib.exceptions import StreamTerminatedError

from .errors import one_line
from .http_answers import HttpAnswerError

_NO_ROUTE: Final = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN}
_BROKEN_OFF: Final = (
    ConnectionResetError,
    ConnectionAbortedError,
    BrokenPipeError,
    aiohttp.ServerDisconnectedError,
    StreamTerminatedError,
)


def is_refused(error: BaseException) -> bool:
    """Return whether nothing listens on the server's port."""
    return isinstance(_cause(error), ConnectionRefusedError)


def explain(error: BaseException, address: str) -> str:
    """Return why a server cannot be asked.

    Args:
        error: Of a connection, or of a call over it.
        address: Of the server, as host and port.
    """
    match _cause(error):
        case ConnectionRefusedError():
            sentence = f"nothing listens on {address}"
        case socket.gaierror() as cause:
            sentence = f"DNS does not find the host of {address}: {cause.strerror}"
        case ssl.SSLCertVerificationError() as cause:
            sentence = f"the certificate of {address} is not valid: {cause.verify_message}"
        case ssl.SSLError() as cause:
            sentence = f"TLS with {address} fails: {cause.reason or one_line(cause)}"
        case TimeoutError():
            sentence = f"{address} does not answer in time"
        case HttpAnswerError() as cause:
            sentence = f"{address} answers with {one_line(cause)}, as no node does"
        case cause if isinstance(cause, _BROKEN_OFF):
            sentence = f"{address} closed the connection before its answer"
        case OSError(errno=number) if number in _NO_ROUTE:
            sentence = f"no network leads to {address}"
        case cause:
            sentence = f"{address} cannot be reached: {one_line(cause)}"
    return sentence


def _cause(error: BaseException) -> BaseException:
    """Return what aiohttp's error wraps."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return error.certificate_error
    return error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
