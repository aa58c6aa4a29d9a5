"""The check of the IAM actions that deploying and operating a worker needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

from botocore.config import Config
from botocore.exceptions import ClientError

from allora_cli.aws.needed_actions import (
    CREATE_LINKED_ROLE,
    ECS_ROLE,
    ECS_SERVICE,
    EVENTS_ROLE,
    EVENTS_SERVICE,
    Needed,
    deploying_actions,
    fleet_actions,
    operating_actions,
)
from allora_cli.aws.queries import QUICK, Question, Unknown
from allora_cli.doctor.check_context import CheckContext, require
from allora_cli.doctor.findings import Finding, fail, ok, unknown, warning
from settings import Settings
from shared.service_principals import ec2_principal

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_iam.type_defs import ContextEntryTypeDef, EvaluationResultTypeDef

_SHOWN = 6
_AT_ONCE = 4
_PATIENT = QUICK.merge(Config(retries={"mode": "standard", "total_max_attempts": 5}))

_PAGE: Final = "docs/permissions.md"


def check_permissions(context: CheckContext) -> Finding:
    """Check that the credentials have the needed actions, by IAM's policy simulator.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
    """
    settings, arn = context.settings, require(context.caller_arn)
    if arn.endswith(":root"):
        return ok("the root user may do everything")
    iam = context.client(lambda session: session.client("iam", config=_PATIENT))
    principal = _principal(iam, arn)
    if principal is None:
        return unknown(f"IAM cannot simulate the permissions of {arn}")
    asked = [(deploying_actions(settings), _ALARMS), (operating_actions(settings), _ALARMS)]
    if context.fleet:
        asked.append((fleet_actions(settings), _TASKS))
    needs_role = {linked: _needs_linked_role(iam, linked) for _, linked in asked}
    decided = []
    for needed, linked in asked:
        results = _simulated(iam, principal, needed, _context(settings, linked))
        if isinstance(results, Unknown):
            return unknown(f"IAM does not answer: {results.error}")
        decided.append(decide(results, needs_linked_role=needs_role[linked]))
    deploying, operating, *fleet = decided
    return finding_of(sum(fleet, deploying), operating)


class LinkedRole(NamedTuple):
    """A role that AWS creates once for a service, by their names."""

    service: str
    role: str


_ALARMS: Final = LinkedRole(EVENTS_SERVICE, EVENTS_ROLE)
_TASKS: Final = LinkedRole(ECS_SERVICE, ECS_ROLE)


@dataclass(frozen=True)
class Decided:
    """What IAM's policy simulator says of actions.

    Attributes:
        asked: how many there were, each on one resource.
        denied: those that AWS would refuse.
        undecided: those that the simulator denies, and that AWS may allow.
    """

    asked: int
    denied: frozenset[str]
    undecided: frozenset[str]

    def __add__(self, other: Decided) -> Decided:
        """Return what is said of both."""
        return Decided(
            self.asked + other.asked,
            self.denied | other.denied,
            self.undecided | other.undecided,
        )


def decide(
    results: Sequence[EvaluationResultTypeDef], *, needs_linked_role: bool | None
) -> Decided:
    """Tell what AWS would refuse from what the simulator cannot know.

    Args:
        results: the simulator's, by action and resource.
        needs_linked_role: whether the service-linked role is yet to be created; None when unknown.
    """
    denied: set[str] = set()
    undecided: set[str] = set()
    for each in results:
        action = each["EvalActionName"]
        is_for_role = action == CREATE_LINKED_ROLE
        if each["EvalDecision"] == "allowed" or (is_for_role and needs_linked_role is False):
            continue
        is_certain = _is_certain(each) and not (is_for_role and needs_linked_role is None)
        (denied if is_certain else undecided).add(action)
    return Decided(len(results), frozenset(denied), frozenset(undecided))


def _is_certain(result: EvaluationResultTypeDef) -> bool:
    """Return whether a request would be denied as well.

    The simulator knows no values for conditions, and evaluates no service control policies that
    have some: where these make the difference, it says no to administrators, too.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html
    https://github.com/aws/aws-sdk/issues/102
    """
    if result.get("MissingContextValues"):
        return False
    organization = result.get("OrganizationsDecisionDetail", {})
    return (
        result["EvalDecision"] == "explicitDeny"
        or organization.get("AllowedByOrganizations") is not False
    )


def finding_of(deploying: Decided, operating: Decided) -> Finding:
    """Return the finding: only what a deployment lacks stops it."""
    facts = {"missing_for_operation": sorted(operating.denied)}
    remedy = f"ask the account's administrator for the policies of {_PAGE}"
    if deploying.denied:
        missing = sorted(deploying.denied)
        return fail(f"you may not call {_shown(missing)}", remedy, missing=missing, **facts)
    if undecided := sorted(deploying.undecided | operating.undecided):
        return unknown(
            f"{_shown(undecided)} depend on conditions, or on service control policies with "
            "conditions, that the simulator does not know",
            undecided=undecided,
            **facts,
        )
    if operating.denied:
        shown = _shown(sorted(operating.denied))
        return warning(f"you may deploy, but not call {shown}", remedy, **facts)
    return ok(f"all {deploying.asked + operating.asked} that a deployment and the command need")


def _needs_linked_role(iam: IAMClient, linked: LinkedRole) -> bool | None:
    """Return whether the role is missing; None where IAM does not say."""
    try:
        iam.get_role(RoleName=linked.role)
    except ClientError as error:
        is_missing = error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.NOT_FOUND
        return True if is_missing else None
    return False


def _principal(iam: IAMClient, caller_arn: str) -> str | None:
    """Return the ARN of the caller's user or role; None where IAM cannot simulate it.

    An assumed role's ARN lacks the role's path, which roles of IAM Identity Center have.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    """
    prefix, _, rest = caller_arn.partition(":assumed-role/")
    if rest:
        name = rest.partition("/")[0]
        try:
            return iam.get_role(RoleName=name)["Role"]["Arn"]
        except ClientError:
            if name.startswith("AWSReservedSSO_"):
                return None
            return f"{prefix.replace(':sts:', ':iam:')}:role/{name}"
    return caller_arn if ":user/" in caller_arn and ":iam:" in caller_arn else None


def _simulated(
    iam: IAMClient,
    principal: str,
    needed: Sequence[Needed],
    context: list[ContextEntryTypeDef],
) -> list[EvaluationResultTypeDef] | Unknown:
    """Ask a few at a time: IAM is slow, and limits requests per second."""
    questions = [
        Question(partial(_simulate, iam, principal, needed[lane::_AT_ONCE], context))
        for lane in range(_AT_ONCE)
    ]
    results: list[EvaluationResultTypeDef] = []
    for question in questions:
        answer = question.answer()
        if isinstance(answer, Unknown):
            return answer
        results += answer
    return results


def _simulate(
    iam: IAMClient,
    principal: str,
    needed: Sequence[Needed],
    context: list[ContextEntryTypeDef],
) -> list[EvaluationResultTypeDef]:
    paginator = iam.get_paginator("simulate_principal_policy")
    return [
        result
        for resource, actions in needed
        for page in paginator.paginate(
            PolicySourceArn=principal,
            ActionNames=actions,
            ResourceArns=[resource],
            ContextEntries=context,
        )
        for result in page["EvaluationResults"]
    ]


def _context(settings: Settings, linked: LinkedRole) -> list[ContextEntryTypeDef]:
    """Return the condition keys that policies often use, which the simulator does not guess."""
    values = {
        "aws:RequestedRegion": settings.aws_region,
        "iam:PassedToService": ec2_principal(settings.partition),
        "iam:AWSServiceName": linked.service,
    }
    return [
        {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
        for key, value in values.items()
    ]


def _shown(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more (--json lists all)" if more > 0 else "")
