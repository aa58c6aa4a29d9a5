"""A level that needs more than the locked Python packages says so once, before any test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.needs import CDKTF, TESTS, missing_for

TERRAFORM = "terraform" if CDKTF.exists() else f"terraform and {CDKTF.name}"
"""What tests/terraform lacks where no command is on the path: npm's packages may be there."""


def run_pytest(tests: str, empty: Path) -> subprocess.CompletedProcess[str]:
    """Run tests where no command is on the path."""
    empty.mkdir()
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tests],
        cwd=TESTS.parent,
        env={**os.environ, "PATH": str(empty), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("tests", "sentence"),
    [
        ("tests/terraform", f"tests/terraform needs {TERRAFORM}, not found here: "),
        ("tests/terraform/test_validate.py::test_x", f"tests/terraform needs {TERRAFORM}, "),
        ("tests/local", "tests/local needs cdktf and terraform, not found here: "),
        ("tests/worker", "need the packages of the images, "),
    ],
)
def test_what_is_missing_is_one_sentence(tests: str, sentence: str, tmp_path: Path) -> None:
    result = run_pytest(tests, tmp_path / "empty")
    assert result.returncode != 0
    assert result.stdout.strip() == ""
    [line] = result.stderr.strip().splitlines()
    assert line.startswith("ERROR: ")
    assert sentence in line


def test_the_levels_of_plain_pytest_need_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert missing_for(TESTS / level for level in ("unit", "synth", "host_scripts")) is None
    assert missing_for([TESTS]) is not None
