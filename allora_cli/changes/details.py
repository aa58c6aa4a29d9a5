"""Every attribute of a planned change, for `--plan`: without user data, and without secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from allora_cli.terminal.text import clean
from allora_cli.terraform.plans import Action, Change

_HIDDEN: Final = "(not shown)"
_UNKNOWN: Final = "(known after the apply)"
_UNSET: Final[tuple[object, ...]] = ("", None, [], {})


def details(change: Change) -> Iterator[str]:
    """Yield a line for each attribute that is set or changes.

    Not for those of a new resource that nobody knows before.
    """
    reasons = {each.name.partition(".")[0] for each in change.attributes if each.replaces}
    new = change.unknown if change.action in {Action.CREATE, Action.REPLACE} else frozenset()
    for name in sorted({*change.before, *change.after, *change.unknown} - (new - reasons)):
        before, after = _value(change, name, is_after=False), _value(change, name, is_after=True)
        match change.action:
            case Action.CREATE:
                line = f"{name}: {after}" if after else ""
            case Action.DELETE:
                line = f"{name}: {before}" if before else ""
            case _ if _is_same(change, name):
                line = ""
            case _:
                line = f"{name}: {before or '(not set)'} → {after or '(not set)'}"
        if line:
            yield line + (" (forces the replacement)" if name in reasons else "")


def _is_same(change: Change, name: str) -> bool:
    return name not in change.unknown and change.before.get(name) == change.after.get(name)


def _value(change: Change, name: str, *, is_after: bool) -> str:
    """Return a value as text; "" if it is not set."""
    if is_after and name in change.unknown:
        return _UNKNOWN
    value = (change.after if is_after else change.before).get(name)
    if value in _UNSET:
        return ""
    if name in change.hidden:
        return _HIDDEN
    return clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
