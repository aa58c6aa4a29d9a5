"""Write elements of Terraform's JSON as HCL blocks, by the schema of their type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from devtools.eject.expressions import (
    Json,
    in_reading_order,
    key_of,
    reference,
    write,
    write_document,
)
from devtools.eject.refusal import CannotWriteError

Schema = Mapping[str, Any]
"""What a block may contain, as `terraform providers schema` tells it."""

NO_BLOCKS: Final[Schema] = {}
"""Of a block with attributes alone."""

_DOCUMENTS: Final = frozenset(
    {"assume_role_policy", "container_definitions", "dashboard_body", "policy"}
)
"""Attributes with a JSON document that the provider compares by its meaning."""

_INDENT: Final = "  "


def block(header: str, content: Mapping[str, Json], schema: Schema, depth: int = 0) -> str:
    """Return a block.

    Args:
        header: Its type and labels, as in `resource "aws_vpc" "network"`.
        content: Its attributes, inner blocks and meta-arguments.
        schema: What of `content` is a block.
        depth: How far it is indented.

    Raises:
        CannotWriteError: It has a meta-argument for which there is no rule here.
    """
    indent = _INDENT * depth
    body = "\n".join(group for group in _groups(header, content, schema, depth + 1) if group)
    return f"{indent}{header} {{\n{body}{indent}}}\n"


def _groups(header: str, content: Mapping[str, Json], schema: Schema, depth: int) -> Iterator[str]:
    """Yield what a blank line separates, in the order of HashiCorp's style guide.

    https://developer.hashicorp.com/terraform/language/style#resource-order
    """
    nested = schema.get("block_types", {})
    members = [(name, value) for name, value in in_reading_order(content) if name != "//"]
    if unknown := {name for name, _ in members} & {"provisioner", "connection", "dynamic"}:
        raise CannotWriteError(header, *unknown)
    plain = [each for each in members if each[0] not in nested and each[0] not in _META]
    yield "".join(
        _attribute("provider", reference(value), depth)
        for name, value in members
        if name == "provider"
    )
    yield "".join(_attribute(name, value, depth) for name, value in plain)
    for name, value in members:
        if name in nested:
            yield from (
                block(name, each, nested[name]["block"], depth) for each in _each_block(value)
            )
    if "lifecycle" in content:
        yield _lifecycle(content["lifecycle"], depth)
    if "depends_on" in content:
        yield _attribute("depends_on", reference(content["depends_on"]), depth)


_META: Final = frozenset({"provider", "lifecycle", "depends_on"})


def _attribute(name: str, value: Json, depth: int) -> str:
    is_document = name in _DOCUMENTS and isinstance(value, str)
    expression = write_document(value, depth) if is_document else write(value, depth)
    return f"{_INDENT * depth}{key_of(name)} = {expression}\n"


def _each_block(value: Json) -> list[Mapping[str, Json]]:
    return value if isinstance(value, list) else [value]


def _lifecycle(content: Mapping[str, Json], depth: int) -> str:
    conditions = {"block_types": {name: {"block": NO_BLOCKS} for name in _CONDITIONS}}
    referring = {
        name: reference(value) if name in _REFERENCES else value for name, value in content.items()
    }
    return block("lifecycle", referring, conditions, depth)


_CONDITIONS: Final = ("precondition", "postcondition")
_REFERENCES: Final = frozenset({"ignore_changes", "replace_triggered_by"})
