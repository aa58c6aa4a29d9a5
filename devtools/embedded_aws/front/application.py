"""The embedded AWS as a WSGI application: the checks, then moto."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Request, Response

from devtools.embedded_aws.front import answers, call, constraints
from devtools.embedded_aws.front.account import ACCOUNT, PLAN_PATH, Plan
from devtools.embedded_aws.front.call import Call
from devtools.embedded_aws.front.refusal import RefusedError
from devtools.embedded_aws.front.rules import table
from devtools.embedded_aws.iam import enforcement

_RESET_PATH: Final = "/moto-api/reset"

Check = Callable[[Call], None]
"""Raises `RefusedError` for what AWS refuses."""

CHECKS: Final[Sequence[Check]] = (constraints.check, enforcement.check, table.check)
"""In the order in which AWS checks: what is asked, by whom, and whether it can be."""


class Front:
    """Lets through what no check refuses.

    Args:
        application: what carries calls out.
        checks: asked in turn.
    """

    def __init__(self, application: WSGIApplication, checks: Sequence[Check]) -> None:
        self._application = application
        self._checks = checks

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Carry out a request, or refuse it."""
        path = environ.get("PATH_INFO")
        if path == PLAN_PATH:
            return _put_plan(environ)(environ, start_response)
        if path == _RESET_PATH:
            ACCOUNT.reset()
        if (asked := call.read(environ)) and (answer := self._answer(asked)):
            return answer(environ, start_response)
        return self._application(environ, start_response)

    def _answer(self, asked: Call) -> Response | None:
        """Return the answer to a call that moto is not asked for."""
        try:
            for check in self._checks:
                check(asked)
            return answers.answer(asked)
        except RefusedError as error:
            return asked.answer(error, error.status)


def _put_plan(environ: WSGIEnvironment) -> Response:
    ACCOUNT.plan = Plan(Request(environ).get_data(as_text=True))
    return Response(status=HTTPStatus.NO_CONTENT)


def embedded_aws() -> WSGIApplication:
    """Return a new embedded AWS; all those of a process share what was made in them."""
    return Front(DomainDispatcherApplication(create_backend_app), CHECKS)
