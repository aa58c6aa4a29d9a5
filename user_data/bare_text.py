"""The host's files without what only people read: user data has 16 KiB for all of them."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator

_INDENTATION = re.compile(r"^( {4})+")
_HERE_DOCUMENT = re.compile(r"(?<!<)<<(-?)\s*(['\"]?)(\w+)\2")


def bare(name: str, text: str) -> str:
    """A file that does the same, without its comments.

    Of Python, comments, docstrings, annotations that nothing reads, blank lines and three of four
    spaces of indentation go. Of everything else (shell, YAML, systemd's units), the
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
    lines = _without_annotations(text)
    kept: list[str | None] = list(lines)
    for token in tokenize.generate_tokens(iter(lines).__next__):
        row, column = token.start
        if token.type == tokenize.COMMENT and not (row == 1 and token.string.startswith("#!")):
            before = lines[row - 1][:column].rstrip()
            kept[row - 1] = f"{before}\n" if before else None
    tree = ast.parse("".join(lines))
    for statement in _texts_without_effect(tree):
        for row in range(statement.lineno, (statement.end_lineno or statement.lineno) + 1):
            kept[row - 1] = None
    fixed = set(_rows_within_texts(tree))
    return "".join(
        line if row in fixed else _INDENTATION.sub(lambda found: " " * (len(found[0]) // 4), line)
        for row, line in enumerate(kept, start=1)
        if line is not None and (line.strip() or row in fixed)
    )


def _without_annotations(text: str) -> list[str]:
    lines = [line.encode() for line in text.splitlines(keepends=True)]
    # From the last one on, as each moves what is behind it in its line.
    for row, begin, end in sorted(_annotations(ast.parse(text), lines), reverse=True):
        lines[row - 1] = lines[row - 1][:begin] + lines[row - 1][end:]
    return [line.decode() for line in lines]


def _annotations(tree: ast.Module, lines: list[bytes]) -> Iterator[tuple[int, int, int]]:
    """Row, and begin and end in its bytes; of functions and variables, but not of a class's body.

    Those are what a `NamedTuple` is made of.
    """
    fields = {
        each for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for each in node.body
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.returns:
            row, column = node.returns.lineno, node.returns.col_offset
            yield row, lines[row - 1].rindex(b" ->", 0, column), _end(node.returns)
        elif isinstance(node, ast.arg) and node.annotation:
            yield node.lineno, node.col_offset + len(node.arg.encode()), _end(node.annotation)
        elif isinstance(node, ast.AnnAssign) and node.value and node not in fields:
            yield node.lineno, _end(node.target), _end(node.annotation)


def _end(node: ast.expr) -> int:
    if node.end_lineno != node.lineno or node.end_col_offset is None:
        raise ValueError(f"line {node.lineno}: an annotation has to be in one line")
    return node.end_col_offset


def _rows_within_texts(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr) and node.end_lineno:
            yield from range(node.lineno + 1, node.end_lineno + 1)


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
