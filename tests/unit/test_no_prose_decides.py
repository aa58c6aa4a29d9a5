"""No code decides by matching text that people read: codes, states and types do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = (
    *("allora_cli", "constructs_lib", "devtools", "scripts"),
    *("shared", "stacks", "user_data"),
)
MESSAGES: Final = frozenset(
    {"description", "detail", "error", "message", "output", "reason", "remedy", "screen"}
    | {"said", "sentence", "stderr", "stdout", "text", "told", "words"}
)
"""What texts that people read are called."""

MATCHING: Final = frozenset(
    {"count", "endswith", "find", "index", "partition", "removeprefix", "removesuffix"}
    | {"rfind", "rpartition", "split", "startswith"}
)
PATTERNS: Final = frozenset({"findall", "finditer", "fullmatch", "match", "search"})

NO_MESSAGE: Final = {
    "allora_cli/doctor/computer.py": "the version that a tool prints",
    "allora_cli/fleet/file.py": "the user's own file",
    "allora_cli/host/log_reader.py": "an option's value",
    "devtools/fake_chain/websocket.py": "a query",
    "scripts/host/bin/aws.py": "AWS's answer, in XML or JSON",
}
"""Files with a text of such a name that is none, and what it is."""


def matches(tree: ast.AST) -> Iterator[int]:
    """Yield the lines in which a message is compared with words or a pattern."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and _compares(node):
            yield node.lineno
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _calls(node):
            yield node.lineno


def _compares(node: ast.Compare) -> bool:
    sides = [node.left, *node.comparators]
    is_match = any(isinstance(op, ast.In | ast.NotIn | ast.Eq | ast.NotEq) for op in node.ops)
    return is_match and any(map(_has_words, sides)) and any(map(_is_message, sides))


def _calls(node: ast.Call) -> bool:
    assert isinstance(node.func, ast.Attribute)
    if node.func.attr in PATTERNS:
        return any(map(_is_message, node.args))
    is_match = node.func.attr in MATCHING and _is_message(node.func.value)
    return is_match and any(map(_has_words, node.args))


def _is_message(node: ast.AST) -> bool:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in MESSAGES
        case ast.Call(func=ast.Name(id="str"), args=[argument]):
            return _is_message(argument)
        case ast.Call(func=ast.Attribute(value=value)):
            return _is_message(value)
    return False


def _has_words(node: ast.AST) -> bool:
    """Whether it has a text with at least two letters."""
    return any(
        isinstance(each, ast.Constant)
        and isinstance(each.value, str)
        and sum(map(str.isalpha, each.value)) > 1
        for each in ast.walk(node)
    )


@pytest.mark.parametrize("package", PACKAGES)
def test_no_words_of_a_message_decide(package: str) -> None:
    found = [
        f"{path}:{line}"
        for file in sorted((ROOT / package).rglob("*.py"))
        if (path := str(file.relative_to(ROOT))) not in NO_MESSAGE
        for line in matches(ast.parse(file.read_text("utf-8")))
    ]
    assert found == [], "decide by a code, a state or a type in place of words"


@pytest.mark.parametrize("file", NO_MESSAGE)
def test_each_exception_is_needed(file: str) -> None:
    assert list(matches(ast.parse((ROOT / file).read_text("utf-8"))))


@pytest.mark.parametrize(
    "code",
    [
        'if "Apply cancelled." in outcome.text: pass',
        'if "whitelist" not in str(error).lower(): pass',
        'if obstacle.text.startswith(("failed", "waiting")): pass',
        'todo = alarm.remedy.rpartition("To do: ")[2]',
        "if found := PATTERN.search(line.text): pass",
        're.match(r"[a-z]", message)',
        'if message == "ready": pass',
    ],
)
def test_it_would_be_found(code: str) -> None:
    assert list(matches(ast.parse(code))) == [1]


@pytest.mark.parametrize(
    "code", ['if event.state == "done": pass', 'text.split("\\n")', 'if "mnemonic" in names: pass']
)
def test_what_is_no_prose_is_not_found(code: str) -> None:
    assert list(matches(ast.parse(code))) == []
