"""AWS's Service Authorization Reference: the actions, and the resources that each is about.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final


@dataclass(frozen=True)
class ResourceType:
    """A kind of resource that an action is about.

    Attributes:
        name: such as `instance`.
        arn: its format, such as `arn:${Partition}:ec2:${Region}:${Account}:instance/${InstanceId}`.
        required: whether each request for the action is about one.
    """

    name: str
    arn: str
    required: bool

    def matches(self, arn: str) -> bool:
        """Return whether an ARN, which may have stars, is one of such resources."""
        return _expression(self.arn).fullmatch(arn) is not None


@dataclass(frozen=True)
class Action:
    """An action of a policy.

    Attributes:
        name: with its service, such as `ec2:RunInstances`.
        resource_types: none for an action that policies can only allow on a star.
        dependent_actions: what its callers may need as well.
    """

    name: str
    resource_types: tuple[ResourceType, ...]
    dependent_actions: frozenset[str]


@cache
def actions(service: str) -> Mapping[str, Action]:
    """Return the actions of a service, such as `ec2`, by their names in small letters."""
    described = _services()[service]
    arns = {each["resource"]: each["arn"] for each in described["resources"]}
    newer = [{"privilege": name, "resource_types": []} for name in _NEWER.get(service, ())]
    return {
        f"{service}:{each['privilege']}".lower(): _action(service, each, arns)
        for each in (*described["privileges"], *newer)
    }


def action(name: str) -> Action:
    """Return an action; policies do not tell small from capital letters.

    Raises:
        KeyError: AWS knows no such action.
    """
    return actions(name.partition(":")[0].lower())[name.lower()]


def load() -> None:
    """Read the reference, which takes as long as hundreds of requests."""
    _services()


def _action(service: str, described: Mapping[str, Any], arns: Mapping[str, str]) -> Action:
    rows = described["resource_types"]
    return Action(
        name=f"{service}:{described['privilege']}",
        resource_types=tuple(
            ResourceType(name, arns[name], required=row["resource_type"].endswith("*"))
            for row in rows
            if (name := row["resource_type"].rstrip("*")) in arns
        ),
        dependent_actions=frozenset(each for row in rows for each in row["dependent_actions"]),
    )


@cache
def _expression(arn: str) -> re.Pattern[str]:
    """Return an expression for ARNs of a format: names may have colons, but no other part."""
    place, parts = arn.split(":", 5)[:5], arn.split(":", 5)[5]
    fixed = ":".join(re.sub(_VARIABLE, "[^:]*", part) for part in place)
    return re.compile(f"{fixed}:" + ".+".join(map(re.escape, re.split(_VARIABLE, parts))))


_VARIABLE: Final = r"\$\{\w+\}"


_NEWER: Final[Mapping[str, tuple[str, ...]]] = {"freetier": ("GetAccountPlanState",)}
"""Actions without resource types that parliament's copy is too old for.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_freetier.html"""


@cache
def _services() -> Mapping[str, Mapping[str, Any]]:
    """Return the reference as parliament carries it; its own code is not needed."""
    found = find_spec("parliament")
    if found is None or found.origin is None:
        raise ModuleNotFoundError(
            "parliament, which has AWS's reference of actions: make setup-dev"
        )
    text = (Path(found.origin).parent / "iam_definition.json").read_text("utf-8")
    return {service["prefix"]: service for service in json.loads(text)}
