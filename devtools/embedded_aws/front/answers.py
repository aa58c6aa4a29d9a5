"""What AWS answers where moto has nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from werkzeug.wrappers import Response

from devtools.embedded_aws.front.account import ACCOUNT
from devtools.embedded_aws.front.call import Call
from devtools.embedded_aws.front.refusal import RefusedError

_FREE_TIER_REGION: Final = "us-east-1"


def answer(call: Call) -> Response | None:
    """Return the answer to a call that is carried out here; None for all that moto carries out."""
    carry_out = _ANSWERS.get((call.service, call.name))
    return call.answer(carry_out(call)) if carry_out else None


def _no_prices(_: Call) -> dict[str, Any]:
    """Know no product: whatever it costs is unknown."""
    return {"FormatVersion": "aws_v1", "PriceList": []}


def _account_plan(call: Call) -> dict[str, Any]:
    """Name the account's plan, in the one region that has this service.

    https://docs.aws.amazon.com/awsaccountbilling/latest/APIReference/API_freetier_GetAccountPlanState.html
    https://docs.aws.amazon.com/general/latest/gr/billing.html
    """
    if call.region != _FREE_TIER_REGION:
        message = "Credential should be scoped to a valid region."
        raise RefusedError("InvalidSignatureException", message, HTTPStatus.FORBIDDEN)
    return {
        "accountId": call.account_id,
        "accountPlanType": ACCOUNT.plan.value,
        "accountPlanStatus": "ACTIVE",
    }


_ANSWERS: Final[Mapping[tuple[str, str], Callable[[Call], dict[str, Any]]]] = {
    ("freetier", "GetAccountPlanState"): _account_plan,
    ("pricing", "GetProducts"): _no_prices,
}
