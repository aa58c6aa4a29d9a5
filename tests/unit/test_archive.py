"""What the host builds its images from."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from user_data.build_contexts import build_contexts

from settings import Settings
from user_data import build_contexts as module

MakeSettings = Callable[..., Settings]
MODEL = {"MODEL_IMAGE": "example.org/model:1.0"}
WORKER = {"ALLORA_WORKER_IMAGE": "example.org/worker:1.0"}


def names(archive: bytes | None) -> set[str]:
    assert archive is not None
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return set(tar.getnames())


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sources of worker and model that a test may change."""
    files = {
        "worker/Dockerfile": "FROM scratch",
        "worker/allora_worker/main.py": "print()",
        "worker/locks/1.3.0.txt": "allora-sdk==1.3.0",
        "worker/locks/1.4.0.txt": "allora-sdk==1.4.0",
        "model_server/Dockerfile": "FROM scratch",
        "model_server/requirements.txt": "aiohttp==3",
        "model_server/model_server/main.py": "print()",
    }
    for name, text in files.items():
        file = tmp_path / "containers" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.setattr(module, "_CONTAINERS", tmp_path / "containers")
    return tmp_path / "containers"


def test_both_are_there_with_the_lock_of_the_version_that_is_set(
    sources: Path, make_settings: MakeSettings
) -> None:
    assert sources
    assert names(build_contexts(make_settings())) == {
        "worker/Dockerfile",
        "worker/allora_worker/main.py",
        "worker/locks/1.3.0.txt",
        "model_server/Dockerfile",
        "model_server/requirements.txt",
        "model_server/model_server/main.py",
    }


def test_only_what_is_built_is_there(sources: Path, make_settings: MakeSettings) -> None:
    assert sources
    worker_alone = names(build_contexts(make_settings(**MODEL)))
    assert {name.split("/")[0] for name in worker_alone} == {"worker"}
    model_alone = names(build_contexts(make_settings(**WORKER)))
    assert {name.split("/")[0] for name in model_alone} == {"model_server"}
    assert build_contexts(make_settings(**WORKER, **MODEL)) is None


def test_same_files_same_bytes(sources: Path, make_settings: MakeSettings) -> None:
    before = build_contexts(make_settings())
    for file in sources.rglob("*.py"):
        file.chmod(0o700)
        file.touch()
    (sources / "worker/allora_worker/__pycache__").mkdir()
    (sources / "worker/allora_worker/__pycache__/main.pyc").write_bytes(b"bytecode")
    (sources / "worker/allora_worker/main.py~").write_text("an editor's copy")
    assert build_contexts(make_settings()) == before


def test_another_text_other_bytes(sources: Path, make_settings: MakeSettings) -> None:
    before = build_contexts(make_settings())
    (sources / "worker/allora_worker/main.py").write_text("print(1)")
    assert build_contexts(make_settings()) != before


def test_real_sources_are_all_there(make_settings: MakeSettings) -> None:
    there = names(build_contexts(make_settings()))
    assert {"worker/allora_worker/__main__.py", "model_server/model_server/__main__.py"} <= there
    assert {Path(name).suffix for name in there} == {"", ".py", ".txt"}
