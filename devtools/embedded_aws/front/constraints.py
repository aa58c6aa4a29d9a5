"""The constraints of AWS's service models, which moto mostly leaves unchecked.

Required members, lengths, ranges, patterns and enumerations, as botocore carries them:
https://smithy.io/2.0/spec/constraint-traits.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Sized
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import regex
from botocore.model import ListShape, MapShape, Shape, StructureShape

from devtools.embedded_aws.front.call import Call
from devtools.embedded_aws.front.refusal import RefusedError

_ANCHORS: Final = "^$"

_OPEN: Final = {"InstanceType"}
"""Enumerations that grow from week to week: AWS looks these up, with errors of their own."""

_JAVA_CLASSES: Final = {
    r"\w": "[A-Za-z0-9_]",
    r"\d": "[0-9]",
    r"\s": r"[ \t\n\x0B\f\r]",
}
"""What Java's classes mean, which Python's take to be those of all languages.

https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/regex/Pattern.html
"""

_SURROGATES: Final = regex.compile(r"\\u(?P<high>D[89AB]..)\\u(?P<low>D[C-F]..)", regex.IGNORECASE)
"""A character beyond 16 bits, which Java writes as two."""


@dataclass(frozen=True)
class _Violation:
    """A constraint that a member does not meet.

    Attributes:
        path: where the member is, such as `tags.1.member.key`.
        constraint: in AWS's words.
        value: as it came; None where there is none, or where it is to be kept from logs.
        is_missing: whether there is no member.
    """

    path: str
    constraint: str
    value: object = None
    is_missing: bool = False

    @property
    def text(self) -> str:
        shown = "Value" if self.value is None else f"Value '{self.value}'"
        return f"{shown} at '{self.path}' failed to satisfy constraint: {self.constraint}"


def check(call: Call) -> None:
    """Refuse a call whose input does not meet the constraints of its model."""
    shape = call.operation.input_shape
    violations = [*_violations(shape, call.parameters, ())] if shape else []
    if violations:
        raise RefusedError(_code(call, violations[0]), _message(violations))


def _message(violations: Sequence[_Violation]) -> str:
    detected = "validation errors" if len(violations) > 1 else "validation error"
    listed = "; ".join(violation.text for violation in violations)
    return f"{len(violations)} {detected} detected: {listed}"


_CODES: Final = {
    "ec2": "InvalidParameterValue",
    "s3": "InvalidArgument",
    "sns": "InvalidParameter",
    "logs": "InvalidParameterException",
    "service-quotas": "IllegalArgumentException",
}
"""By service; the others have the one of their protocol."""

_CODES_OF_PROTOCOLS: Final = {"query": "ValidationError"}
"""https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html"""


def _code(call: Call, violation: _Violation) -> str:
    if call.service == "ec2" and violation.is_missing:
        return "MissingParameter"
    otherwise = _CODES_OF_PROTOCOLS.get(call.protocol, "ValidationException")
    return _CODES.get(call.service, otherwise)


def _violations(shape: Shape, value: object, path: tuple[str, ...]) -> Iterator[_Violation]:
    """Yield what a value violates, with all that is in it."""
    if of_type := _BY_TYPE.get(shape.type_name):
        yield from of_type(shape, value, path)


def _of_structure(
    shape: StructureShape, value: dict[str, Any], path: tuple[str, ...]
) -> Iterator[_Violation]:
    if shape.is_document_type:
        return
    for name in shape.required_members:
        if value.get(name) is None:
            constraint = "Member must not be null"
            yield _Violation(_join((*path, name)), constraint, is_missing=True)
    for name, member in shape.members.items():
        if (item := value.get(name)) is not None:
            yield from _violations(member, item, (*path, name))


def _of_list(shape: ListShape, value: list[object], path: tuple[str, ...]) -> Iterator[_Violation]:
    yield from _of_size(shape, value, path)
    for number, item in enumerate(value, 1):
        yield from _violations(shape.member, item, (*path, str(number), "member"))


def _of_map(
    shape: MapShape, value: dict[str, object], path: tuple[str, ...]
) -> Iterator[_Violation]:
    yield from _of_size(shape, value, path)
    for key, item in value.items():
        yield from _violations(shape.key, key, (*path, "key"))
        yield from _violations(shape.value, item, (*path, key, "member"))


def _of_size(shape: Shape, value: Sized, path: tuple[str, ...]) -> Iterator[_Violation]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    shown = None if shape.metadata.get("sensitive") or shape.type_name == "blob" else value
    if least is not None and len(value) < least:
        constraint = f"Member must have length greater than or equal to {least}"
        yield _Violation(_join(path), constraint, shown)
    if most is not None and len(value) > most:
        constraint = f"Member must have length less than or equal to {most}"
        yield _Violation(_join(path), constraint, shown)


def _of_number(shape: Shape, value: float, path: tuple[str, ...]) -> Iterator[_Violation]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and value < least:
        constraint = f"Member must have value greater than or equal to {least}"
        yield _Violation(_join(path), constraint, value)
    if most is not None and value > most:
        constraint = f"Member must have value less than or equal to {most}"
        yield _Violation(_join(path), constraint, value)


def _of_text(shape: Shape, value: str, path: tuple[str, ...]) -> Iterator[_Violation]:
    yield from _of_size(shape, value, path)
    shown = None if shape.metadata.get("sensitive") else value
    if (pattern := shape.metadata.get("pattern")) and not _matches(pattern, value):
        constraint = f"Member must satisfy regular expression pattern: {pattern}"
        yield _Violation(_join(path), constraint, shown)
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed and shape.name not in _OPEN:
        constraint = f"Member must satisfy enum value set: [{', '.join(allowed)}]"
        yield _Violation(_join(path), constraint, shown)


_BY_TYPE: Final[dict[str, Callable[[Any, Any, tuple[str, ...]], Iterator[_Violation]]]] = {
    "structure": _of_structure,
    "list": _of_list,
    "map": _of_map,
    "integer": _of_number,
    "long": _of_number,
    "float": _of_number,
    "double": _of_number,
    "blob": _of_size,
    "string": _of_text,
}


def _matches(pattern: str, value: str) -> bool:
    """Return whether AWS takes a value to match a pattern.

    The patterns come from Java's `String.matches`, which wants the whole value, and from Smithy,
    which looks for a part of it and so needs anchors.
    """
    compiled = _compiled(pattern)
    if compiled is None:
        return True
    anchored = pattern[0] in _ANCHORS or pattern[-1] in _ANCHORS
    return bool(compiled.search(value) if anchored else compiled.fullmatch(value))


@cache
def _compiled(pattern: str) -> regex.Pattern[str] | None:
    """Return a pattern in Python's words; None for the few that have classes Python lacks."""
    translated = _SURROGATES.sub(_beyond_16_bits, pattern)
    for java, python in _JAVA_CLASSES.items():
        translated = translated.replace(java, python)
    try:
        return regex.compile(translated, regex.VERSION1)  # with classes in classes, as in Java
    except regex.error:
        return None


def _beyond_16_bits(pair: regex.Match[str]) -> str:
    high, low = int(pair["high"], 16), int(pair["low"], 16)
    return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"


def _join(path: tuple[str, ...]) -> str:
    return ".".join(path)
