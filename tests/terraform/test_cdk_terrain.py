"""A checkout that has moved to CDK Terrain synthesizes what this one does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SAMPLES
from tests.moved import ROOT, moved_copy, of_the_move, run_moved

PROGRAM = ("-m", "tests.terraform.every_sample")
RELEASE = ("//", "metadata", "version")
"""Of what synthesized it; to Terraform, a comment."""

pytestmark = of_the_move


@pytest.mark.slow
def test_every_sample_and_a_fleet(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    subprocess.run([sys.executable, *PROGRAM, ours], cwd=ROOT, check=True)
    run_moved(moved_copy(tmp_path / "moved"), *PROGRAM, str(theirs))
    before, after = synthesized(ours), synthesized(theirs)
    assert len(before) == 2 * len(SAMPLES) + 3
    assert set(differences(before, after)) == {(stack, *RELEASE) for stack in before}
    a_renamed_id_is_a_difference(before, after)


def a_renamed_id_is_a_difference(before: dict[str, Any], after: dict[str, Any]) -> None:
    """The comparison would see it in each stack."""
    for stack, document in after.items():
        type_ = min(document["resource"])
        renamed = {f"{id_}2": resource for id_, resource in document["resource"][type_].items()}
        other = document | {"resource": document["resource"] | {type_: renamed}}
        found = {path[:3] for path in differences(before, after | {stack: other})}
        assert (stack, "resource", type_) in found


def synthesized(folder: Path) -> dict[str, Any]:
    """Each stack's document, by its path in the folder."""
    return {
        str(file.relative_to(folder)): json.loads(file.read_text("utf-8"))
        for file in folder.glob("*/stacks/*/cdk.tf.json")
    }


def differences(ours: Any, theirs: Any, *path: str) -> Iterator[tuple[str, ...]]:
    """The paths of the values in which two documents differ, or which one of them lacks."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in ours | theirs:
            yield from differences(ours.get(key), theirs.get(key), *path, key)
    elif ours != theirs:
        yield path
