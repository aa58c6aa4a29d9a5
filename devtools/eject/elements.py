"""The resources and data sources of a synthesized stack."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

from devtools.eject.expressions import Json

KINDS = ("data", "resource")


@dataclass(frozen=True)
class Element:
    """A resource or data source.

    Attributes:
        kind: `resource` or `data`.
        content: Without what CDKTF notes for itself.
        construct: The path of its construct in the stack, as in `network/vpc`; "" for none.
    """

    kind: str
    type: str
    name: str
    content: Mapping[str, Json]
    construct: str

    @property
    def address(self) -> str:
        """The address in Terraform."""
        return f"{'data.' if self.kind == 'data' else ''}{self.type}.{self.name}"

    @property
    def header(self) -> str:
        """The beginning of its block."""
        return f'{self.kind} "{self.type}" "{self.name}"'


def elements_of(stack: Mapping[str, Json]) -> list[Element]:
    """Return a stack's elements, by the paths of their constructs."""
    found = [
        _element(kind, type_, name, content)
        for kind in KINDS
        for type_, named in stack.get(kind, {}).items()
        for name, content in named.items()
    ]
    return sorted(found, key=lambda each: (each.construct, each.address))


def needed_first(elements: Iterable[Element]) -> list[Element]:
    """Return elements in an order in which each refers only to earlier ones."""
    by_address = {each.address: each for each in elements}
    order = TopologicalSorter(
        {
            address: [other for other in by_address if _refers(each, other)]
            for address, each in by_address.items()
        }
    )
    return [by_address[address] for address in order.static_order()]


def _element(kind: str, type_: str, name: str, content: Mapping[str, Json]) -> Element:
    # CDKTF gives no path to what it adds itself: the states of other stacks.
    path = content.get("//", {}).get("metadata", {}).get("path", "")
    own = {key: value for key, value in content.items() if key != "//"}
    return Element(kind, type_, name, own, path.partition("/")[2])


def _refers(element: Element, address: str) -> bool:
    # Not to one whose address only begins or ends alike.
    reference = rf"(?<![\w.-]){re.escape(address)}(?![\w-])"
    content = json.dumps(element.content, default=vars)
    return element.address != address and re.search(reference, content) is not None
