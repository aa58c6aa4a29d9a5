"""Refuses what the caller's policies do not allow.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from moto.utilities.utils import get_partition

from devtools.embedded_aws.front.call import Call
from devtools.embedded_aws.front.refusal import RefusedError
from devtools.embedded_aws.iam.account import Account
from devtools.embedded_aws.iam.needs import Need, needs
from devtools.embedded_aws.iam.policies import Decision, decide

_CODES: Final = {"ec2": "UnauthorizedOperation", "sns": "AuthorizationError"}
"""By service; the others have the one of their protocol."""


def check(call: Call) -> None:
    """Refuse a call that its caller's policies do not allow; the root user may do everything."""
    account = Account(call.account_id, get_partition(call.region))
    caller = account.caller(call.access_key)
    if caller is None:
        return
    policies = account.policies(caller.principal)
    for need in needs(call, account):
        decision = decide(policies, need.action, need.resource, need.context)
        if decision is not Decision.ALLOWED:
            raise _refused(call, caller.arn, need, decision)


def _refused(call: Call, caller: str, need: Need, decision: Decision) -> RefusedError:
    why = (
        "with an explicit deny in an identity-based policy"
        if decision is Decision.EXPLICIT_DENY
        else f"because no identity-based policy allows the {need.action} action"
    )
    message = (
        f"User: {caller} is not authorized to perform: {need.action} on resource: "
        f"{need.resource} {why}"
    )
    if call.protocol == "json":
        return RefusedError("AccessDeniedException", message)
    return RefusedError(_CODES.get(call.service, "AccessDenied"), message, HTTPStatus.FORBIDDEN)
