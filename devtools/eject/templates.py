"""Split Terraform's templates into literal text and code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_CODE = ("${", "%{")
_ESCAPED = ("$${", "%%{")


@dataclass(frozen=True)
class Part:
    """A part of a template.

    Attributes:
        source: As the template has it: literal text with its `$${`, code with its `${…}`.
    """

    source: str
    is_code: bool


def parts_of(template: str) -> Iterator[Part]:
    """Yield the parts of a template.

    https://developer.hashicorp.com/terraform/language/expressions/strings#string-templates
    """
    start = position = 0
    while position < len(template):
        if template.startswith(_ESCAPED, position):
            position += len(_ESCAPED[0])
        elif template.startswith(_CODE, position):
            if start < position:
                yield Part(template[start:position], is_code=False)
            end = _end_of_code(template, position + 2)
            yield Part(template[position:end], is_code=True)
            start = position = end
        else:
            position += 1
    if start < len(template):
        yield Part(template[start:], is_code=False)


def expression_in(template: str) -> str | None:
    """Return the expression that a template consists of, as in `${path.module}`, or None."""
    match [*parts_of(template)]:
        case [Part(source, is_code=True)] if source.startswith("${"):
            return source[2:-1].strip()
    return None


def literally(literal: str) -> str:
    """Return a template that yields a text as it is."""
    return literal.replace("${", "$${").replace("%{", "%%{")


def _end_of_code(template: str, position: int) -> int:
    """Return the position after the `}` that ends the code, past strings and inner braces."""
    depth = 1
    while depth:
        character = template[position]
        if character == '"':
            position = _end_of_string(template, position + 1)
            continue
        depth += {"{": 1, "}": -1}.get(character, 0)
        position += 1
    return position


def _end_of_string(template: str, position: int) -> int:
    """Return the position after the quote that ends a string, past its escapes and inner code."""
    while template[position] != '"':
        if template[position] == "\\":
            position += 2
        elif template.startswith(_ESCAPED, position):
            position += len(_ESCAPED[0])
        elif template.startswith(_CODE, position):
            position = _end_of_code(template, position + 2)
        else:
            position += 1
    return position + 1
