"""Write values of Terraform's JSON as HCL expressions.

`terraform fmt` aligns what it finds here; only here-documents are indented already.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from devtools.eject.templates import expression_in, parts_of

Json: TypeAlias = Any
"""A value of Terraform's JSON, with `Hcl` in it where an expression has been put in."""

_NAME = re.compile(r"(?!for\b)[A-Za-z_][A-Za-z0-9_-]*")
_INDENT = "  "
_DELIMITER = "EOT"

_SHORT = 100
"""Up to how many characters a list, or a member of one, has one line."""

_FIRST = (
    *("for_each", "alias", "name", "name_prefix", "family", "description", "type"),
    *("Version", "Statement", "Sid", "Effect", "Principal", "Action", "Resource", "Condition"),
    *("path", "image", "x", "y", "width", "height"),
)
_LAST = ("tags",)


@dataclass(frozen=True)
class Hcl:
    """An expression that is HCL already."""

    code: str


def reference(value: Json) -> Json:
    """Return an address, or a list of them, as expressions; Terraform's JSON has them as texts."""
    return [*map(Hcl, value)] if isinstance(value, list) else Hcl(value)


def in_reading_order(content: Mapping[str, Json]) -> list[tuple[str, Json]]:
    """Return members with those first that say what something is; the others by name."""

    def rank(member: tuple[str, Json]) -> tuple[int, str]:
        name = member[0]
        if name in _FIRST:
            return _FIRST.index(name), name
        return len(_FIRST) + (name in _LAST), name

    return sorted(content.items(), key=rank)


def write(value: Json, depth: int = 0) -> str:
    """Return a value as an expression.

    Args:
        value: A text in it is a template, as everywhere in Terraform's JSON.
        depth: How far the expression is indented.
    """
    match value:
        case Hcl():
            return value.code
        case str():
            return _string(value, depth)
        case Mapping():
            members = (
                f"{key_of(name)} = {write(each, depth + 1)}"
                for name, each in in_reading_order(value)
            )
            return _enclosed("{", members, "}", depth, end="")
        case Sequence():
            return _list(value, depth)
    return json.dumps(value)  # numbers, booleans and null are the same in both


def write_document(document: str, depth: int = 0) -> str:
    """Return a JSON document with templates in its strings as a call of `jsonencode`."""
    try:
        value = json.loads(document)
    except ValueError:
        return write(document, depth)
    return f"jsonencode({write(value, depth)})"


def key_of(name: str) -> str:
    """Return the name of a member or an attribute."""
    return name if _NAME.fullmatch(name) else _quoted(name)


def _list(items: Sequence[Json], depth: int) -> str:
    if line := _in_one_line(items):
        return line
    written = (_in_one_line(each) or write(each, depth + 1) for each in items)
    return _enclosed("[", written, "]", depth, end=",")


def _in_one_line(value: Json) -> str | None:
    """Return a value in one line, or None if that would be long."""
    match value:
        case Mapping():
            members = in_reading_order(value)
            parts = [(f"{key_of(name)} = ", _in_one_line(each)) for name, each in members]
            opening, closing = ("{ ", " }") if parts else ("{", "}")
        case list():
            parts = [("", _in_one_line(each)) for each in value]
            opening, closing = "[", "]"
        case _:
            parts, opening, closing = [("", write(value))], "", ""
    if any(part is None for _, part in parts):
        return None
    line = f"{opening}{', '.join(f'{name}{part}' for name, part in parts)}{closing}"
    return line if len(line) <= _SHORT and "\n" not in line else None


def _enclosed(opening: str, items: Iterable[str], closing: str, depth: int, *, end: str) -> str:
    lines = [f"{_INDENT * (depth + 1)}{item}{end}\n" for item in items]
    if not lines:
        return opening + closing
    return f"{opening}\n{''.join(lines)}{_INDENT * depth}{closing}"


def _string(template: str, depth: int) -> str:
    if expression := expression_in(template):
        return expression
    return (
        _here_document(template, depth) if _reads_better_in_lines(template) else _quoted(template)
    )


def _quoted(template: str) -> str:
    return f'"{"".join(p.source if p.is_code else _escaped(p.source) for p in parts_of(template))}"'


def _escaped(literal: str) -> str:
    return json.dumps(literal, ensure_ascii=False)[1:-1].replace("\x7f", "\\u007f")


def _reads_better_in_lines(template: str) -> bool:
    """Tell whether a text has several lines, all of which a here-document keeps.

    Terraform removes the indentation that all lines share, and knows no escapes in there.
    https://developer.hashicorp.com/terraform/language/expressions/strings#indented-heredocs
    """
    lines = template.split("\n")
    return (
        len([line for line in lines if line]) > 1
        and any(line[:1].strip() for line in lines)
        and all(line.isprintable() and (not line or line.strip()) for line in lines)
        and not template.endswith("\n\n")
        and _DELIMITER not in map(str.strip, lines)
    )


def _here_document(template: str, depth: int) -> str:
    inner = _INDENT * (depth + 1)
    lines = template.removesuffix("\n").split("\n")
    body = "".join(f"{inner}{line}\n" if line else "\n" for line in lines)
    if template.endswith("\n"):
        return f"<<-{_DELIMITER}\n{body}{inner}{_DELIMITER}"
    return f"chomp(<<-{_DELIMITER}\n{body}{inner}{_DELIMITER}\n{_INDENT * depth})"
