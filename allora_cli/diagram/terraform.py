"""Resources in Terraform JSON, and what their references lead to, across stacks.

The syntax: https://developer.hashicorp.com/terraform/language/syntax/json
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_REFERENCE = re.compile(r"\b(?P<data>data\.)?(?P<type>aws_\w+|terraform_data)\.(?P<id>[\w-]+)")
_REMOTE = re.compile(
    r"data\.terraform_remote_state\.cross-stack-reference-input-(?P<stack>[\w-]+?)"
    r"\.outputs\.(?P<output>[\w-]+)"
)


@dataclass(frozen=True)
class Resource:
    """A resource or a data source.

    Attributes:
        stack: the stack's id.
        address: `type.id`, with `data.` before it for a data source.
        body: its attributes.
    """

    stack: str
    address: str
    body: Mapping[str, Any] = field(hash=False)

    @property
    def is_data(self) -> bool:
        """Whether it exists already and is only read."""
        return self.address.startswith("data.")

    @property
    def type(self) -> str:
        """Terraform's type, such as `aws_vpc`."""
        return self.address.removeprefix("data.").partition(".")[0]

    def text(self, attribute: str) -> str:
        """An attribute; empty when it is not set."""
        return str(self.body.get(attribute, ""))

    def document(self, attribute: str) -> dict[str, Any]:
        """An attribute that is a JSON document: a policy, a dashboard."""
        read: dict[str, Any] = json.loads(self.body[attribute])
        return read


class Terraform:
    """All stacks of the app.

    Args:
        stacks: the Terraform JSON of each, by the stack's id.
    """

    def __init__(self, stacks: Mapping[str, Mapping[str, Any]]) -> None:
        self.stacks = stacks
        self._found = {(r.stack, r.address): r for r in self._read()}

    def _read(self) -> Iterator[Resource]:
        for stack, document in self.stacks.items():
            for prefix, kind in (("", "resource"), ("data.", "data")):
                for type_, bodies in document.get(kind, {}).items():
                    for id_, body in bodies.items():
                        yield Resource(stack, f"{prefix}{type_}.{id_}", body)

    @property
    def resources(self) -> list[Resource]:
        """What is created, in the stacks' order."""
        return [r for r in self._found.values() if not r.is_data]

    def all(self, *types: str) -> list[Resource]:
        """The resources of some types."""
        return [r for r in self.resources if r.type in types]

    def targets(self, resource: Resource, attribute: str | None = None) -> list[Resource]:
        """What an attribute refers to, or all attributes together, in their order.

        A value of another stack leads to that stack's resource. What is read only (`data`) counts
        as well.
        """
        value = resource.body if attribute is None else resource.body.get(attribute)
        return list(dict.fromkeys(self._targets(resource.stack, value)))

    def target(self, resource: Resource, attribute: str) -> Resource | None:
        """The one that an attribute refers to; None for a literal, or an attribute not set."""
        return next(iter(self.targets(resource, attribute)), None)

    def referring(self, target: Resource, attribute: str, *types: str) -> list[Resource]:
        """The resources of some types whose attribute refers to the target."""
        return [r for r in self.all(*types) if target in self.targets(r, attribute)]

    def _targets(self, stack: str, value: object) -> Iterator[Resource]:
        for text in _texts(value):
            for match in _REMOTE.finditer(text):
                output = self.stacks[match["stack"]]["output"][match["output"]]
                yield from self._targets(match["stack"], output["value"])
            for match in _REFERENCE.finditer(text):
                address = f"{match['data'] or ''}{match['type']}.{match['id']}"
                if (stack, address) in self._found:
                    yield self._found[stack, address]


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for member in value.values():
            yield from _texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from _texts(member)
