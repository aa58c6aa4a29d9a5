"""A value in a worker's table of fleet.toml is changed, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.fleet.file import FleetFile, changed
from allora_cli.settings_file import SettingsFile
from settings import SettingsError
from settings.fleet_file import load_fleet

ENV = "AWS_ACCOUNT_ID=123456789012\nAWS_REGION=us-east-1\n"
NEW = {"MODEL_IMAGE": "example.org/model:2"}
LINE = 'MODEL_IMAGE = "example.org/model:2"'

CASES = (
    ("[workers.a]\n", f"[workers.a]\n{LINE}\n"),
    ("[workers.a]", f"[workers.a]\n{LINE}\n"),
    (
        "# mine\n[workers.a] # first\nMODEL_IMAGE = 'old' # why\nx = 1\n\n[workers.b]\n",
        f"# mine\n[workers.a] # first\n{LINE}\nx = 1\n\n[workers.b]\n",
    ),
    (
        '[workers.b]\nMODEL_IMAGE = "b"\n[ workers . "a" ]\n  MODEL_IMAGE="old"\n',
        f'[workers.b]\nMODEL_IMAGE = "b"\n[ workers . "a" ]\n{LINE}\n',
    ),
    (
        '[workers.a-more]\nMODEL_IMAGE = "b"\n[workers.a]\n[workers.b]\n',
        f'[workers.a-more]\nMODEL_IMAGE = "b"\n[workers.a]\n{LINE}\n[workers.b]\n',
    ),
    ("[workers.a]\r\npaused = true\r\n", f"[workers.a]\r\n{LINE}\r\npaused = true\r\n"),
    ("\ufeff[workers.a]\n", f"\ufeff[workers.a]\n{LINE}\n"),
)


@pytest.mark.parametrize(("before", "after"), CASES)
def test_all_else_stays_byte_for_byte(before: str, after: str) -> None:
    assert changed(before.encode(), "a", NEW) == after.encode()


@pytest.mark.parametrize(
    "text",
    [
        "[workers]\na = {paused = true}\n",
        "workers.a.paused = true\n",
        '[workers.a]\nx = """\n[workers.a]\n"""\nMODEL_IMAGE = "old"\n',
        '[workers.a]\n"MODEL_IMAGE" = "old"\n',
        '[workers.a]\nMODEL_IMAGE = """\nold\n"""\n',
    ],
)
def test_what_is_written_otherwise_is_left_to_its_author(text: str) -> None:
    with pytest.raises(OperatorError) as refused:
        changed(text.encode(), "a", NEW)
    assert refused.value.code is ErrorCode.SETTINGS
    assert LINE in str(refused.value)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".env").write_text(ENV)
    (tmp_path / "fleet.toml").write_text("[workers.a]\nMODEL_IMAGE = 'old'\n[workers.b]\n")
    monkeypatch.setenv("ALLORA_ENV_FILE", str(tmp_path / ".env"))
    return tmp_path


def test_a_draft_is_in_force_only_when_it_is_written(folder: Path) -> None:
    file = FleetFile.in_force("a")
    before = (folder / "fleet.toml").read_bytes()
    with file.draft(NEW) as draft:
        assert [each.settings.model_image for each in draft.fleet.workers] == [
            "example.org/model:2",
            None,
        ]
        assert load_fleet(draft.env_file) == draft.fleet
        assert (folder / "fleet.toml").read_bytes() == before
        assert file.value("MODEL_IMAGE") == "old"
        file.replace_by(draft)
    assert file.value("MODEL_IMAGE") == "example.org/model:2"


def test_a_wrong_value_is_refused_and_not_written(folder: Path) -> None:
    before = (folder / "fleet.toml").read_bytes()
    with (
        pytest.raises(SettingsError, match="ALLORA_SDK_VERSION"),
        FleetFile.in_force("a").draft({"ALLORA_SDK_VERSION": "x"}),
    ):
        pass
    assert (folder / "fleet.toml").read_bytes() == before


def test_a_file_that_was_saved_meanwhile_is_not_lost(folder: Path) -> None:
    file = FleetFile.in_force("a")
    with file.draft(NEW) as draft:
        (folder / "fleet.toml").write_text("[workers.c]\n")
        with pytest.raises(OperatorError, match="has been changed meanwhile"):
            file.replace_by(draft)
    assert (folder / "fleet.toml").read_text() == "[workers.c]\n"


def test_a_draft_of_the_host_s_settings_keeps_the_fleet(folder: Path) -> None:
    with SettingsFile(folder / ".env").draft({"MODEL_IMAGE": "example.org/model:2"}) as draft:
        fleet = load_fleet(draft.path)
    assert fleet
    assert [worker.name for worker in fleet.workers] == ["a", "b"]
