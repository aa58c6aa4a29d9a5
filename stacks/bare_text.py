"""The host's files without what only people read: user data has 16 KiB for all of them."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

_HERE_DOCUMENT = re.compile(r"(?<!<)<<(-?)\s*(['\"]?)(\w+)\2")


def bare(name: str, text: str) -> str:
    """A file that does the same, without its comments.

    Of Python, comments and docstrings go. Of everything else (shell, YAML, systemd's units), the
    lines that are nothing but a comment go, except for the first line when it names the
    interpreter, and for those in a shell's here-document. A string in quotes over several lines
    must have no line that looks like a comment.

    Args:
        name: the file's name, which tells what it is.
        text: what it holds.
    """
    return _bare_python(text) if name.endswith(".py") else "".join(_without_comments(text))


def _without_comments(text: str) -> Iterator[str]:
    end = None
    for number, line in enumerate(text.splitlines(keepends=True)):
        if end is not None:
            yield line
            end = None if re.fullmatch(end, line) else end
            continue
        if line.lstrip().startswith("#") and not (number == 0 and line.startswith("#!")):
            continue
        yield line
        if found := _HERE_DOCUMENT.search(line):
            end = rf"{found[1] and chr(9) + '*'}{re.escape(found[3])}\n?"


def _bare_python(text: str) -> str:
    lines = text.splitlines(keepends=True)
    kept: list[str | None] = list(lines)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        row, column = token.start
        if token.type == tokenize.COMMENT and not (row == 1 and token.string.startswith("#!")):
            before = lines[row - 1][:column].rstrip()
            kept[row - 1] = f"{before}\n" if before else None
    for statement in _texts_without_effect(ast.parse(text)):
        for row in range(statement.lineno, (statement.end_lineno or statement.lineno) + 1):
            kept[row - 1] = None
    return "".join(line for line in kept if line is not None)


def _texts_without_effect(tree: ast.Module) -> Iterator[ast.stmt]:
    """Docstrings, where something else remains: a body may not be empty."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            texts = [
                each
                for each in node.body
                if isinstance(each, ast.Expr)
                and isinstance(each.value, ast.Constant)
                and isinstance(each.value.value, str)
            ]
            if len(texts) < len(node.body):
                yield from texts
