"""The account's plan as AWS's Free Tier API tells it, by a real client of botocore."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from allora_cli.aws.free_plan import EligibleType, FreePlan, find_free_plan, large_enough
from tests.http_server import Handler, handled_by

ON_FREE_PLAN = {
    "accountId": "123456789012",
    "accountPlanType": "FREE",
    "accountPlanStatus": "ACTIVE",
    "accountPlanRemainingCredits": {"amount": 87.5, "unit": "USD"},
    "accountPlanExpirationDate": "2027-05-01T00:00:00Z",
}
BARE = {name: ON_FREE_PLAN[name] for name in ("accountId", "accountPlanType", "accountPlanStatus")}

Ask = Callable[[int, dict[str, Any]], FreePlan | None]


@pytest.fixture
def ask() -> Iterator[Ask]:
    """Ask a service that gives one answer, by its status and body."""
    given: list[tuple[int, dict[str, Any]]] = []

    class Account(Handler):
        def do_POST(self) -> None:
            assert self.headers["X-Amz-Target"] == "AWSFreeTierService.GetAccountPlanState"
            self.rfile.read(int(self.headers["Content-Length"]))
            status, body = given[-1]
            self.answer(status, body, {"Content-Type": "application/x-amz-json-1.0"})

    def ask(status: int, body: dict[str, Any]) -> FreePlan | None:
        given.append((status, body))
        session = boto3.Session("id", "secret", region_name="us-east-1")
        return find_free_plan(session.client("freetier", endpoint_url=url))

    with handled_by(Account) as url:
        yield ask


def test_a_new_account(ask: Ask) -> None:
    assert ask(200, ON_FREE_PLAN) == FreePlan(
        is_over=False, usd_left=87.5, ends=datetime(2027, 5, 1, tzinfo=UTC)
    )
    assert ask(200, BARE) == FreePlan(is_over=False, usd_left=None, ends=None)


def test_a_plan_that_is_over(ask: Ask) -> None:
    plan = ask(200, ON_FREE_PLAN | {"accountPlanStatus": "EXPIRED"})
    assert plan
    assert plan.is_over


def test_an_account_that_pays(ask: Ask) -> None:
    assert ask(200, BARE | {"accountPlanType": "PAID"}) is None


def test_an_account_from_before_there_were_plans(ask: Ask) -> None:
    assert ask(400, {"__type": "ResourceNotFoundException", "message": "none"}) is None


def test_a_refusal_is_no_plan(ask: Ask) -> None:
    with pytest.raises(ClientError, match="AccessDeniedException"):
        ask(400, {"__type": "AccessDeniedException", "message": "no"})


def test_types_that_suffice() -> None:
    x86, arm = frozenset({"x86_64"}), frozenset({"arm64"})
    eligible = [
        EligibleType("m7i-flex.large", x86, 8192),
        EligibleType("t3.micro", x86, 1024),
        EligibleType("t3.small", x86, 2048),
        EligibleType("t4g.small", arm, 2048),
    ]
    assert large_enough(eligible, 2048, "x86_64") == ["m7i-flex.large", "t3.small", "t4g.small"]
    assert large_enough(eligible, 2048, "arm64") == ["t4g.small", "m7i-flex.large", "t3.small"]
    assert large_enough(eligible, 8192, "arm64") == ["m7i-flex.large"]
