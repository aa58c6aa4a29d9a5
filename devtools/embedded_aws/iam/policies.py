"""Evaluates policies as IAM does, as far as the policies of this project and its tests go.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, Final

Context = Mapping[str, str]
"""Values of condition keys, such as `aws:RequestedRegion`."""


class Decision(StrEnum):
    """What policies say of a request, in the words of IAM's policy simulator."""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicitDeny"
    IMPLICIT_DENY = "implicitDeny"


def decide(
    policies: Iterable[Mapping[str, Any]], action: str, resource: str, context: Context
) -> Decision:
    """Return what the policies of an identity say together.

    Args:
        policies: documents.
        action: such as `ec2:RunInstances`.
        resource: its ARN, or a star for an action that is about none.
        context: condition keys; a key without a value meets only `…IfExists` and `Null`.

    Raises:
        NotImplementedError: a policy has an element or a condition that this does not know.
    """
    effects = {
        statement["Effect"]
        for policy in policies
        for statement in listed(policy["Statement"])
        if _applies(statement, action, resource, context)
    }
    if "Deny" in effects:
        return Decision.EXPLICIT_DENY
    return Decision.ALLOWED if "Allow" in effects else Decision.IMPLICIT_DENY


def missing_context(
    policies: Iterable[Mapping[str, Any]], action: str, resource: str, context: Context
) -> list[str]:
    """Return the condition keys that decide, and that have no value."""
    known = {key.lower() for key in context}
    return sorted(
        {
            key
            for policy in policies
            for statement in listed(policy["Statement"])
            if _matches(statement, action, resource)
            for tests in statement.get("Condition", {}).values()
            for key in tests
            if key.lower() not in known
        }
    )


def matches(pattern: str, value: str) -> bool:
    """Return whether a pattern with stars and question marks stands for all of a value."""
    return _expression(pattern).fullmatch(value) is not None


def listed(value: Any) -> list[Any]:  # noqa: ANN401 - as JSON has it
    """Return a policy's value as a list: policies write one value without a list."""
    return value if isinstance(value, list) else [value]


def _applies(statement: Mapping[str, Any], action: str, resource: str, context: Context) -> bool:
    return _matches(statement, action, resource) and all(
        _is_met(operator, key, listed(wanted), context)
        for operator, tests in statement.get("Condition", {}).items()
        for key, wanted in tests.items()
    )


def _matches(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    unknown = statement.keys() - _ELEMENTS
    if unknown:
        raise NotImplementedError(f"in a policy: {', '.join(sorted(unknown))}")
    return _named(statement, "Action", action.lower(), str.lower) and _named(
        statement, "Resource", resource, str
    )


def _named(
    statement: Mapping[str, Any], element: str, value: str, written: Callable[[str], str]
) -> bool:
    """Return whether `Action` or `Resource` names the value, or `NotAction` does not."""
    if element in statement:
        return any(matches(written(each), value) for each in listed(statement[element]))
    excluded = listed(statement[f"Not{element}"])
    return not any(matches(written(each), value) for each in excluded)


def _is_met(operator: str, key: str, wanted: list[str], context: Context) -> bool:
    value = {name.lower(): text for name, text in context.items()}.get(key.lower())
    if operator == "Null":
        return [str(value is None).lower()] == [str(each).lower() for each in wanted]
    base = operator.removesuffix("IfExists")
    if base not in _OPERATORS:
        raise NotImplementedError(f"in a policy: the condition operator {operator}")
    if value is None:
        return operator != base or base in _NEGATED
    is_one_of = any(_OPERATORS[base](str(each), value) for each in wanted)
    return is_one_of is not (base in _NEGATED)


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"([*?])", pattern)
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(part, re.escape(part)) for part in parts), re.DOTALL)


def _equals(wanted: str, value: str) -> bool:
    return wanted == value


def _equals_as_words(wanted: str, value: str) -> bool:
    return wanted.lower() == value.lower()


_ELEMENTS: Final = {
    *("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"),
}
_OPERATORS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "StringEquals": _equals,
    "StringNotEquals": _equals,
    "StringEqualsIgnoreCase": _equals_as_words,
    "StringLike": matches,
    "StringNotLike": matches,
    "ArnEquals": matches,
    "ArnLike": matches,
    "ArnNotLike": matches,
    "Bool": _equals_as_words,
}
_NEGATED: Final = {"StringNotEquals", "StringNotLike", "ArnNotLike"}
