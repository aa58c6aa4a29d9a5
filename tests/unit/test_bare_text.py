"""Without comments a file does the same: on examples, and for each file of the host."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest
import yaml

from user_data.bare_text import bare

HOST = Path(__file__).resolve().parents[2] / "scripts" / "host"
FILES = sorted(file for file in HOST.rglob("*.*") if file.suffix != ".pyc")

SHELL = """\
#!/usr/bin/env bash
# Says what it is for.
work() {
  # why
  echo "# $1" # stays
  cat <<'END' >file
# no comment
END
  cat <<-OTHER
	# no comment either
	OTHER
  # a comment again
  grep x <<<"text"
# the last one
}
"""
BARE_SHELL = """\
#!/usr/bin/env bash
work() {
  echo "# $1" # stays
  cat <<'END' >file
# no comment
END
  cat <<-OTHER
	# no comment either
	OTHER
  grep x <<<"text"
}
"""

PYTHON = '''\
#!/usr/bin/python3
"""What it is for,
in two lines."""

import sys  # noqa: F401


class Point:
    """A docstring."""

    x: int
    """Another one."""


class Empty:
    """All that there is."""


def work(first: int, *others: "list[str]", last: str = ": a") -> dict[str, int]:
    """And another."""
    # why
    count: int = 1  # a comment
    if count:

        return """a text
    # in three lines

"""  # a comment
'''
BARE_PYTHON = '''\
#!/usr/bin/python3
import sys
class Point:
 x: int
class Empty:
 """All that there is."""
def work(first, *others, last = ": a"):
 count = 1
 if count:
  return """a text
    # in three lines

"""
'''


def test_shell_keeps_its_interpreter_and_its_here_documents() -> None:
    assert bare("x.sh", SHELL) == BARE_SHELL


def test_python_keeps_its_interpreter_and_its_texts() -> None:
    assert bare("x.py", PYTHON) == BARE_PYTHON


def test_an_annotation_over_several_lines_is_refused_by_its_line() -> None:
    with pytest.raises(ValueError, match="line 1: an annotation"):
        bare("x.py", "x: dict[\n    str, int] = {}\n")


def test_other_files_keep_all_that_is_more_than_a_comment() -> None:
    unit = "# Why.\n[Unit]\nDescription=A # in it\n\n  # Why.\nAfter=x\n"
    assert bare("x.service", unit) == "[Unit]\nDescription=A # in it\n\nAfter=x\n"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_file_of_the_host_means_the_same(file: Path) -> None:
    text = file.read_text()
    left = bare(file.name, text)
    assert meaning(file, left) == meaning(file, text)
    assert left.count("#!") == text.count("#!")
    assert len(left) < len(text) or "#" not in text.removeprefix("#!")


def meaning(file: Path, text: str) -> object:
    """What is left to compare when comments are of no interest."""
    if file.suffix == ".py":
        return ast.unparse(WithoutTextsAndAnnotations().visit(ast.parse(text)))
    if file.suffix == ".yaml":
        return yaml.safe_load(text)
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    if file.suffix == ".sh":
        assert "<<" not in text.replace("<<<", ""), "compare here-documents too"
        subprocess.run(["bash", "-n"], input=text, text=True, check=True)
    return lines


class WithoutTextsAndAnnotations(ast.NodeTransformer):
    """Removes statements that are nothing but a text, and annotations but for a class's own."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if is_text else node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        node.body = [
            each if isinstance(each, ast.AnnAssign) else self.visit(each) for each in node.body
        ]
        node.body = [each for each in node.body if each]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.returns = None
        self.generic_visit(node)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        if node.value is None:
            return node
        return ast.copy_location(ast.Assign([node.target], node.value), node)
