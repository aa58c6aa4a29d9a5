"""What the host runs, and what it builds its images from."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from settings import Settings
from user_data import archive as module
from user_data.archive import host_archive

MakeSettings = Callable[..., Settings]
MODEL = {"MODEL_IMAGE": "example.org/model:1.0"}
WORKER = {"ALLORA_WORKER_IMAGE": "example.org/worker:1.0"}
ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = {"bin/install.sh", "lib/common.sh", "systemd/allora.service", "compose.yaml"}
CONTEXTS = {
    "build-contexts/worker/Dockerfile",
    "build-contexts/worker/allora_worker/main.py",
    "build-contexts/worker/locks/1.3.0.txt",
    "build-contexts/model_server/Dockerfile",
    "build-contexts/model_server/requirements.txt",
    "build-contexts/model_server/model_server/main.py",
}


def members(archive: bytes) -> list[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return tar.getmembers()


def names(archive: bytes) -> set[str]:
    return {member.name for member in members(archive)}


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sources that a test may change."""
    files = {
        "scripts/host/bin/install.sh": "#!/bin/sh",
        "scripts/host/lib/common.sh": "true",
        "scripts/host/systemd/allora.service": "[Unit]",
        "scripts/host/compose.yaml": "name: allora",
        "containers/worker/Dockerfile": "FROM scratch",
        "containers/worker/allora_worker/main.py": "print()",
        "containers/worker/locks/1.3.0.txt": "allora-sdk==1.3.0",
        "containers/worker/locks/1.4.0.txt": "allora-sdk==1.4.0",
        "containers/model_server/Dockerfile": "FROM scratch",
        "containers/model_server/requirements.txt": "aiohttp==3",
        "containers/model_server/model_server/main.py": "print()",
    }
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.setattr(module, "_ROOT", tmp_path)
    return tmp_path


def test_scripts_are_there_with_both_contexts_and_the_lock_of_the_version_that_is_set(
    sources: Path, make_settings: MakeSettings
) -> None:
    assert sources
    assert names(host_archive(make_settings())) == SCRIPTS | CONTEXTS


def test_only_what_is_built_is_there(sources: Path, make_settings: MakeSettings) -> None:
    assert sources
    worker = {name for name in CONTEXTS if name.startswith("build-contexts/worker/")}
    assert names(host_archive(make_settings(**MODEL))) == SCRIPTS | worker
    assert names(host_archive(make_settings(**WORKER))) == SCRIPTS | (CONTEXTS - worker)
    assert names(host_archive(make_settings(**WORKER, **MODEL))) == SCRIPTS


def test_programs_can_be_run_and_nothing_else(sources: Path, make_settings: MakeSettings) -> None:
    assert sources
    for member in members(host_archive(make_settings())):
        assert member.mode == (0o755 if member.name.startswith("bin/") else 0o644)


def test_same_files_same_bytes(sources: Path, make_settings: MakeSettings) -> None:
    before = host_archive(make_settings())
    for file in sources.rglob("*.*"):
        file.chmod(0o700)
        file.touch()
    for leftover in (
        "containers/worker/allora_worker/__pycache__/main.pyc",
        "containers/worker/allora_worker/main.py~",
        "scripts/host/bin/__pycache__/aws.pyc",
        "scripts/host/bin/install.sh~",
        "scripts/host/systemd/allora.service~",
    ):
        (sources / leftover).parent.mkdir(exist_ok=True)
        (sources / leftover).write_text("an editor's copy")
    assert host_archive(make_settings()) == before


@pytest.mark.parametrize(
    "name", ["scripts/host/bin/install.sh", "containers/worker/allora_worker/main.py"]
)
def test_another_text_other_bytes(sources: Path, make_settings: MakeSettings, name: str) -> None:
    before = host_archive(make_settings())
    (sources / name).write_text("print(1)")
    assert host_archive(make_settings()) != before


def test_real_sources_are_all_there(make_settings: MakeSettings) -> None:
    there = names(host_archive(make_settings()))
    assert {
        "build-contexts/worker/allora_worker/__main__.py",
        "build-contexts/model_server/model_server/__main__.py",
    } <= there
    assert {Path(name).suffix for name in there} == {
        *("", ".json", ".py", ".sh", ".txt", ".yaml", ".service", ".timer"),
    }
    tracked = subprocess.run(
        ["git", "ls-files", "bin", "lib", "systemd", "compose.yaml"],
        cwd=ROOT / "scripts/host",
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert len(tracked) > 20
    assert set(tracked) == {name for name in there if not name.startswith("build-contexts/")}


def test_no_developers_tool_travels_to_a_host(make_settings: MakeSettings) -> None:
    there = names(host_archive(make_settings()))
    assert not [name for name in there if "backtest" in name or "devtools" in name]
