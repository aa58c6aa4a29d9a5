"""`allora update` changes a value in the settings file, and nothing else in it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from allora_cli.errors import OperatorError
from allora_cli.settings_file import SettingsFile, changed
from settings import SettingsError
from settings.env_file import parse_env_text

REQUIRED = "AWS_ACCOUNT_ID=123456789012\nAWS_REGION=us-east-1\n"
REPO = "MODEL_REPO=https://example.com/model\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("MODEL_REF=v1", "MODEL_REF=v2"),
        ("export MODEL_REF=v1 # mine", "export MODEL_REF=v2 # mine"),
        ("  MODEL_REF = v1   # mine\n", "  MODEL_REF = v2   # mine\n"),
        ("MODEL_REF='v1'# mine", "MODEL_REF='v2'# mine"),
        ('MODEL_REF="v1" # it\'s mine\n', 'MODEL_REF="v2" # it\'s mine\n'),
        ("'MODEL_REF'=v1\n", "'MODEL_REF'=v2\n"),
        ("MODEL_REF=\n", "MODEL_REF=v2\n"),
        ("MODEL_REF= # mine\n", "MODEL_REF= v2 # mine\n"),
        ("MODEL_REF=a#b\n", "MODEL_REF=v2\n"),
        ("A='\n'\r\nMODEL_REF=v1\r\nB=1\r", "A='\n'\r\nMODEL_REF=v2\r\nB=1\r"),
        ("\ufeffMODEL_REF=v1\n", "\ufeffMODEL_REF=v2\n"),
        ("# MODEL_REF=v0\nMODEL_REF=v1\n", "# MODEL_REF=v0\nMODEL_REF=v2\n"),
        ("A='\nMODEL_REF=v0\n'\nMODEL_REF=v1\n", "A='\nMODEL_REF=v0\n'\nMODEL_REF=v2\n"),
        ("MODEL_REF='v1\n\n'\nA=1", "MODEL_REF='v2'\nA=1"),
        ("", "MODEL_REF=v2\n"),
        ("A=1", "A=1\nMODEL_REF=v2\n"),
        ("A=1\r\nB=2\r\n", "A=1\r\nB=2\r\nMODEL_REF=v2\r\n"),
    ],
)
def test_only_the_value_changes(before: str, after: str) -> None:
    assert changed(before.encode(), {"MODEL_REF": "v2"}).decode() == after


@pytest.mark.parametrize("written", ["A=x", "A='x'", 'A="x"', "A=", "B=1"])
@pytest.mark.parametrize("value", ["v2", "a b", "it's", 'say "x"', "a\\b", "$x #y", "\\'"])
def test_any_value_is_read_back(written: str, value: str) -> None:
    text = changed(f"{written}\nC=3\n".encode(), {"A": value}).decode()
    read = {entry.key: entry.value for entry in parse_env_text(text).entries}
    assert (read["A"], read["C"]) == (value, "3")


def test_link_and_mode_stay(tmp_path: Path) -> None:
    target, link = tmp_path / "real.env", tmp_path / ".env"
    target.write_text(REQUIRED + REPO + "MODEL_REF=v1\n")
    target.chmod(0o640)
    link.symlink_to("real.env")
    file = SettingsFile(link)
    with file.draft({"MODEL_REF": "v2"}) as draft:
        file.replace_by(draft)
    assert link.is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert target.read_text() == REQUIRED + REPO + "MODEL_REF=v2\n"


def test_a_pipe_is_never_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    monkeypatch.setenv("ALLORA_ENV_FILE", str(pipe))
    with pytest.raises(OperatorError, match="is no regular file"):
        SettingsFile.in_force()
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_an_option_is_blamed_and_no_line_that_the_file_does_not_have(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(REQUIRED)
    options = {"MODEL_REF": "--model-ref"}
    with (
        pytest.raises(SettingsError, match=r"MODEL_REF \(--model-ref\): 'v1' is set without"),
        SettingsFile(path).draft({"MODEL_REF": "v1"}, options),
    ):
        pytest.fail("the draft is invalid")


def test_another_setting_s_line_is_blamed_as_ever(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(REQUIRED + "MODEL_IMAGE=example.com/model:1\nMODEL_REPO=x\n")
    with (
        pytest.raises(SettingsError, match=r"MODEL_REPO \(line 4\)"),
        SettingsFile(path).draft({"MODEL_REF": "v1"}, {"MODEL_REF": "--model-ref"}),
    ):
        pytest.fail("the draft is invalid")
