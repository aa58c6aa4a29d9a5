"""The policies of docs/ci.md, and parliament, which checks policies against AWS's own reference."""

from __future__ import annotations

import json
import re
import sys
import warnings
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

_DOCS = Path(__file__).resolve().parent.parent / "docs"


def policies_for_plans() -> tuple[dict[str, Any], dict[str, Any]]:
    """Whom the role for plans on pull requests trusts, and what it may do."""
    trust, permissions, _ = _policies_in("ci.md")
    return trust, permissions


def policy_for_plans_of_a_fleet() -> dict[str, Any]:
    """What the same role may do beside that, where there is a fleet."""
    return _policies_in("ci.md")[2]


def policies_of_deployers() -> list[dict[str, Any]]:
    """What people may do who deploy and operate a worker."""
    return _policies_in("permissions.md")


def without(policy: Mapping[str, Any], action: str) -> dict[str, Any]:
    """A policy as it is, but for an action."""
    statements = [
        statement | {"Action": rest}
        for statement in policy["Statement"]
        if (rest := [each for each in _listed(statement["Action"]) if each != action])
    ]
    return {**policy, "Statement": statements}


def actions_in(policy: Mapping[str, Any]) -> set[str]:
    """The actions that a policy names."""
    return {each for statement in policy["Statement"] for each in _listed(statement["Action"])}


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _policies_in(document: str) -> list[dict[str, Any]]:
    text = (_DOCS / document).read_text("utf-8")
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]


def findings(policy: Mapping[str, Any]) -> list[str]:
    """What parliament finds in a policy: kind and detail of each."""
    analyzed = _parliament().analyze_policy_string(json.dumps(policy), ignore_private_auditors=True)
    return [f"{finding.issue}: {finding.detail}" for finding in analyzed.findings]


@cache
def _parliament() -> Any:
    # It finds its files by a module that setuptools no longer has, and leaves them open.
    locator: Any = ModuleType("pkg_resources")
    locator.resource_filename = lambda package, name: str(resources.files(package) / name)
    with patch.dict(sys.modules, {"pkg_resources": locator}), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import parliament  # noqa: PLC0415

    return parliament
