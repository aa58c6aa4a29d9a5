"""The container of a fleet's task that writes the secrets into files."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from allora_worker import place_secrets
from allora_worker.place_secrets import (
    MODEL_FILES,
    WORKER_FILES,
    WORKER_STATE,
    WORKER_TMP,
    WORKER_UID,
    place,
)

WORDS = "zebra abandon about"
VARIABLES = {
    "SECRET_OF_WORKER_mnemonic": WORDS,
    "SECRET_OF_MODEL_CG_API_KEY": "a-key\nof two lines",
    "PATH": "/usr/bin",
    "AWS_REGION": "us-east-1",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where the task's volumes are, empty as ECS makes them."""
    for folder in (WORKER_FILES, MODEL_FILES, WORKER_STATE, WORKER_TMP):
        below(tmp_path, folder).mkdir(parents=True)
    return tmp_path


@pytest.fixture
def owners(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[int, int]]:
    """User and group of each file by name, in place of a change that only root may make."""
    found: dict[str, tuple[int, int]] = {}

    def chown(path: Path, user: int, group: int) -> None:
        found[path.name] = user, group

    def fchown(descriptor: int, user: int, group: int) -> None:
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        assert stat.S_IMODE(os.fstat(descriptor).st_mode) == 0o600, "somebody else may read it"
        found[name.removeprefix(".")] = user, group

    monkeypatch.setattr(os, "chown", chown)
    monkeypatch.setattr(os, "fchown", fchown)
    return found


def below(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")


def files(folder: Path) -> dict[str, tuple[str, int]]:
    """Content and mode of each file by name."""
    return {
        file.name: (file.read_text(), stat.S_IMODE(file.stat().st_mode))
        for file in folder.iterdir()
    }


def test_each_container_gets_its_own_secrets_and_nothing_else(
    root: Path, owners: dict[str, tuple[int, int]]
) -> None:
    place(VARIABLES, root)
    assert files(below(root, WORKER_FILES)) == {"mnemonic": (WORDS, 0o400)}
    assert files(below(root, MODEL_FILES)) == {"CG_API_KEY": ("a-key\nof two lines", 0o444)}
    assert files(below(root, WORKER_STATE)) == {}
    assert owners == {
        "allora": (WORKER_UID, WORKER_UID),
        "mnemonic": (WORKER_UID, WORKER_UID),
        "CG_API_KEY": (0, 0),
    }
    # Root without DAC_OVERRIDE could write into no folder of the worker's.
    assert "worker" not in owners
    assert stat.S_IMODE(below(root, WORKER_TMP).stat().st_mode) == 0o1777


@pytest.mark.usefixtures("owners")
def test_it_can_be_done_again(root: Path) -> None:
    """As when ECS starts the container again after it was killed half-way."""
    draft = below(root, WORKER_FILES) / ".mnemonic"
    draft.write_text("half of")
    draft.chmod(0o400)
    for words in (WORDS, "other words"):
        place({"SECRET_OF_WORKER_mnemonic": words}, root)
        assert files(below(root, WORKER_FILES)) == {"mnemonic": (words, 0o400)}


def test_a_volume_that_is_missing_is_no_success(root: Path) -> None:
    below(root, WORKER_STATE).rmdir()
    with pytest.raises(FileNotFoundError):
        place(VARIABLES, root)
    assert files(below(root, WORKER_FILES)) == {}


def test_its_text_alone_runs_in_any_image_with_python(tmp_path: Path) -> None:
    text = Path(place_secrets.__file__).read_text("utf-8")
    done = subprocess.run(
        [sys.executable, "-I", "-c", text],
        cwd=tmp_path,
        env={"SECRET_OF_WORKER_mnemonic": WORDS},
        capture_output=True,
        text=True,
        check=False,
    )
    # There are no volumes here; that it looks for them shows that it has run.
    assert done.returncode == 1
    assert "FileNotFoundError" in done.stderr or "PermissionError" in done.stderr
    assert WORDS not in done.stderr
