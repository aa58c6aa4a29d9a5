"""IAM's policy simulator, without permissions boundaries and organizations.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.responses import IamResponse

from devtools.embedded_aws.iam.account import Account
from devtools.embedded_aws.iam.policies import Context, decide, missing_context


def add_simulator() -> None:
    """Have moto answer SimulatePrincipalPolicy."""
    IamResponse.simulate_principal_policy = _simulate  # type: ignore[attr-defined]


def _simulate(self: IamResponse) -> ActionResult:
    account = Account(self.current_account, self.partition)
    policies = account.policies(self._get_param("PolicySourceArn"))
    context = {
        entry["ContextKeyName"]: entry["ContextKeyValues"][0]
        for entry in self._get_param("ContextEntries", [])
    }
    return ActionResult(
        {
            "EvaluationResults": [
                _result(policies, action, resource, context)
                for action in self._get_param("ActionNames")
                for resource in self._get_param("ResourceArns", ["*"])
            ],
            "IsTruncated": False,
        }
    )


def _result(
    policies: list[Mapping[str, Any]], action: str, resource: str, context: Context
) -> dict[str, Any]:
    return {
        "EvalActionName": action,
        "EvalResourceName": resource,
        "EvalDecision": decide(policies, action, resource, context),
        "MissingContextValues": missing_context(policies, action, resource, context),
    }
