"""Turn settings that Terraform takes as they are into variables.

A setting that also decides about names, other resources or the host's files is none: a variable
would promise that changing it alone is enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Final

from devtools.eject.expressions import Hcl, Json
from settings import Settings


@dataclass(frozen=True)
class _Setting:
    """A setting that is a plain value in some places.

    Args:
        name: Its field in the settings; the variable's name.
        places: Resource types with the path of the attribute.
        description: Where that of the setting says what only CDKTF's settings do.
    """

    name: str
    places: tuple[tuple[str, ...], ...]
    description: str = ""

    @property
    def meaning(self) -> str:
        """What the variable's description says."""
        return self.description or str(Settings.model_fields[self.name].description)


_SETTINGS: Final = (
    _Setting("vpc_cidr", (("aws_vpc", "cidr_block"),)),
    _Setting("subnet_cidr", (("aws_subnet", "cidr_block"),)),
    _Setting("availability_zone", (("aws_subnet", "availability_zone"),)),
    _Setting(
        "instance_type",
        (
            ("aws_instance", "instance_type"),
            ("aws_instance", "lifecycle", "precondition", "error_message"),
            ("aws_ec2_instance_type_offerings", "filter", "values"),
            ("aws_ec2_instance_type_offerings", "lifecycle", "postcondition", "error_message"),
        ),
        "The EC2 instance type. One of another architecture also needs another machine image, and "
        "images built for it.",
    ),
    _Setting("ami_id", (("aws_instance", "ami"),)),
    _Setting("root_volume_size", (("aws_instance", "root_block_device", "volume_size"),)),
    _Setting("data_volume_size", (("aws_ebs_volume", "size"),)),
    _Setting("data_volume_iops", (("aws_ebs_volume", "iops"),)),
    _Setting("data_volume_throughput", (("aws_ebs_volume", "throughput"),)),
    _Setting("log_retention_days", (("aws_cloudwatch_log_group", "retention_in_days"),)),
    _Setting("alarm_email", (("aws_sns_topic_subscription", "endpoint"),)),
)


@dataclass(frozen=True)
class Variable:
    """A variable of Terraform with its present value."""

    name: str
    description: str
    value: str | int

    @property
    def type(self) -> Hcl:
        """Terraform's type of the value."""
        return Hcl("string" if isinstance(self.value, str) else "number")


def with_variables(stack: Mapping[str, Json]) -> tuple[Json, list[Variable]]:
    """Return a stack that takes what it can from variables, and these."""
    changed = deepcopy(stack)
    variables = []
    for setting in _SETTINGS:
        value = _value(changed, setting)
        if value is None:
            continue
        for type_, *path in setting.places:
            for content in _contents(changed, type_):
                _replace(content, path, value, setting.name)
        variables.append(Variable(setting.name, setting.meaning, value))
    return changed, variables


def _value(stack: Json, setting: _Setting) -> str | int | None:
    """Return the one plain value that a setting has in its first place, or None."""
    type_, *path = setting.places[0]
    found = [each for content in _contents(stack, type_) for each in _values(content, path)]
    match found:
        case [str() | int() as value, *others] if others.count(value) == len(others):
            return None if "${" in str(value) else value
    return None


def _contents(stack: Json, type_: str) -> Iterator[Json]:
    for kind in ("resource", "data"):
        yield from stack.get(kind, {}).get(type_, {}).values()


def _values(content: Json, path: list[str]) -> Iterator[Json]:
    if isinstance(content, list):
        for each in content:
            yield from _values(each, path)
    elif not path:
        yield content
    elif path[0] in content:
        yield from _values(content[path[0]], path[1:])


def _replace(content: Json, path: list[str], value: str | int, variable: str) -> None:
    """Put a variable in the place of a value, also where that is a part of a text."""
    name, *rest = path
    for each in content if isinstance(content, list) else [content]:
        if rest:
            _replace(each.get(name, []), rest, value, variable)
        elif isinstance(each.get(name), list):
            each[name] = [_with_variable(item, value, variable) for item in each[name]]
        elif name in each:
            each[name] = _with_variable(each[name], value, variable)


def _with_variable(found: Json, value: str | int, variable: str) -> Json:
    if isinstance(found, str):
        return found.replace(str(value), f"${{var.{variable}}}")
    return Hcl(f"var.{variable}") if found == value else found
