"""What doctor makes of the answers of IAM's policy simulator."""

from __future__ import annotations

from typing import Any

import pytest

from allora_cli.doctor.findings import Verdict
from allora_cli.doctor.permissions import Decided, decide, finding_of

LINKED = "iam:CreateServiceLinkedRole"
ALL = Decided(3, frozenset(), frozenset())


def result(decision: str, action: str = "ec2:RunInstances", **details: Any) -> Any:
    return {"EvalActionName": action, "EvalDecision": decision, **details}


def organization(*, allows: bool) -> dict[str, Any]:
    return {"OrganizationsDecisionDetail": {"AllowedByOrganizations": allows}}


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        (result("allowed"), "ok"),
        (result("allowed", **organization(allows=True)), "ok"),
        (result("implicitDeny"), "fail"),
        (result("explicitDeny"), "fail"),
        (result("implicitDeny", MissingContextValues=[]), "fail"),
        (result("implicitDeny", MissingContextValues=["aws:SourceIp"]), "unknown"),
        (result("implicitDeny", **organization(allows=True)), "fail"),
        # As an administrator is answered under a service control policy with a condition.
        (result("implicitDeny", **organization(allows=False)), "unknown"),
        (result("explicitDeny", **organization(allows=False)), "fail"),
    ],
)
def test_a_denial_stops_a_deployment_only_if_it_is_certain(said: Any, verdict: str) -> None:
    decided = decide([said], needs_linked_role=True)
    assert finding_of(decided, ALL).verdict == verdict


@pytest.mark.parametrize(
    ("needs_linked_role", "verdict"), [(True, "fail"), (False, "ok"), (None, "unknown")]
)
def test_the_service_linked_role_is_created_once(
    *, needs_linked_role: bool | None, verdict: str
) -> None:
    decided = decide([result("implicitDeny", LINKED)], needs_linked_role=needs_linked_role)
    assert finding_of(decided, ALL).verdict == verdict


def test_what_only_the_command_lacks_stops_nothing() -> None:
    operating = decide([result("implicitDeny", "ssm:SendCommand")], needs_linked_role=False)
    finding = finding_of(ALL, operating)
    assert finding.verdict is Verdict.WARNING
    assert "ssm:SendCommand" in finding.detail
    assert finding.facts == {"missing_for_operation": ["ssm:SendCommand"]}


def test_each_action_is_named_once() -> None:
    denied = [result("implicitDeny"), result("explicitDeny"), result("implicitDeny", "a:B")]
    finding = finding_of(decide(denied, needs_linked_role=True), ALL)
    assert finding.facts["missing"] == ["a:B", "ec2:RunInstances"]
    assert "docs/permissions.md" in finding.remedy


def test_what_is_denied_is_not_hidden_by_what_is_undecided() -> None:
    decided = Decided(2, frozenset({"a:B"}), frozenset({"c:D"}))
    assert finding_of(decided, ALL).verdict is Verdict.FAIL
