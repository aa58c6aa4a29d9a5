"""A copy of this checkout that has moved to CDK Terrain, and what synthesizes there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from devtools.cdk_terrain.renaming import concerns, renamed

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ROOT / ".tools" / "cdktn"
"""CDK Terrain's, with Node.js 24; ahead of this environment's own on the path."""

of_the_move = pytest.mark.skipif(
    "cdktn = " in (ROOT / "Pipfile").read_text("utf-8"), reason="this checkout has moved"
)
"""Marks tests of the move: in a checkout that is on CDK Terrain itself, nothing is left to show."""


def moved_copy(directory: Path) -> Path:
    """Copy this checkout, as it stands, into a folder, and move the copy."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    contents = {file: (ROOT / file).read_bytes() for file in listed if (ROOT / file).is_file()}
    changed = renamed({file: text.decode() for file, text in contents.items() if concerns(file)})
    for file, content in contents.items():
        (directory / file).parent.mkdir(parents=True, exist_ok=True)
        (directory / file).write_bytes(changed[file].encode() if file in changed else content)
        shutil.copymode(ROOT / file, directory / file)
    return directory


def run_moved(copy: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
    """Run Python in the copy, with CDK Terrain's packages; it must not fail."""
    if not PACKAGES.exists():
        pytest.fail("CDK Terrain is not installed for this test: `make test` installs it.")
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env={
            **(os.environ if environment is None else environment),
            "PYTHONPATH": str(PACKAGES),
            # The copy has no cache of its own.
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(ROOT / ".tools" / "jsii"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
