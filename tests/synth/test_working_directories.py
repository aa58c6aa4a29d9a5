"""What a synth puts beside the Terraform JSON, so that Terraform finds the pinned provider."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from fast_synth import working_directories
from fast_synth.working_directories import (
    INSTALLED_PROVIDERS,
    LOCK_FILE,
    prepare_working_directories,
)
from shared.stacks import STACKS
from tests.synthesized import Stack


@pytest.fixture
def outdir(tmp_path: Path) -> Path:
    for stack in STACKS:
        (tmp_path / "stacks" / stack).mkdir(parents=True)
    return tmp_path


def test_each_stack_gets_the_lock_file_and_the_providers(outdir: Path) -> None:
    for _ in range(2):  # as often as one synthesizes
        prepare_working_directories(outdir)
        for stack in STACKS:
            folder = outdir / "stacks" / stack
            assert (folder / ".terraform.lock.hcl").read_bytes() == LOCK_FILE.read_bytes()
            assert (folder / "terraform.d" / "plugins").readlink() == INSTALLED_PROVIDERS


def test_a_link_into_another_checkout_is_replaced(
    outdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working_directories, "INSTALLED_PROVIDERS", outdir / "elsewhere")
    prepare_working_directories(outdir)
    monkeypatch.undo()
    prepare_working_directories(outdir)
    plugins = outdir / "stacks" / STACKS[0] / "terraform.d" / "plugins"
    assert plugins.readlink() == INSTALLED_PROVIDERS


def test_a_folder_of_the_users_own_stays(outdir: Path) -> None:
    plugins = outdir / "stacks" / STACKS[0] / "terraform.d" / "plugins"
    plugins.mkdir(parents=True)
    prepare_working_directories(outdir)
    assert plugins.is_dir()
    assert not plugins.is_symlink()


HERE = {"bucket": "states", "key": "a", "region": "us-east-1", "use_lockfile": True}


@pytest.mark.parametrize(
    ("recorded", "stays"),
    [
        (HERE | {"profile": None, "endpoints": None}, True),
        (HERE | {"bucket": "others"}, False),
        (HERE | {"region": "eu-west-1"}, False),
        (HERE | {"profile": "ada"}, False),
        ({"bucket": "states"}, False),
    ],
)
def test_a_connection_to_another_state_is_forgotten(
    outdir: Path, recorded: dict[str, object], *, stays: bool
) -> None:
    stack = outdir / "stacks" / STACKS[0]
    (stack / "cdk.tf.json").write_text(json.dumps({"terraform": {"backend": {"s3": HERE}}}))
    (stack / ".terraform").mkdir()
    pointer = stack / ".terraform" / "terraform.tfstate"
    pointer.write_text(json.dumps({"backend": {"type": "s3", "config": recorded}}))
    prepare_working_directories(outdir)
    assert pointer.exists() is stays


def test_a_connection_that_cannot_be_read_is_terraform_s(outdir: Path) -> None:
    pointer = outdir / "stacks" / STACKS[0] / ".terraform" / "terraform.tfstate"
    pointer.parent.mkdir()
    pointer.write_text("not json")
    prepare_working_directories(outdir)
    assert pointer.exists()


def test_the_locked_version_is_the_one_that_is_synthesized(common: Callable[..., Stack]) -> None:
    provider = common().json["terraform"]["required_providers"]["aws"]
    locked = re.search(r'version\s+= "(.+)"', LOCK_FILE.read_text(encoding="utf-8"))
    installed = re.search(
        r'version = "(.+)"', LOCK_FILE.with_name("versions.tf").read_text(encoding="utf-8")
    )
    assert locked
    assert installed
    assert locked[1] == installed[1] == provider["version"]
