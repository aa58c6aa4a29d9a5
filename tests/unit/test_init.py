"""The settings file that `allora init` writes, and the topics that it offers."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.init import file, topics
from allora_cli.init.draft import Draft, lines_of, load_text
from allora_cli.init.preparing import prepare
from containers.model_server.model_server.horizon import parse_horizon
from containers.worker.allora_worker.topic_facts import Kind, known_topics
from settings import SettingsError
from shared.networks import TESTNET
from tests.http_server import json_by_path

REQUIRED = {"AWS_ACCOUNT_ID": "123456789012", "AWS_REGION": "us-east-1"}


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the settings file will be, of a user without credentials and without a network."""
    path = tmp_path / "env"
    for variable, value in {
        "ALLORA_ENV_FILE": str(path),
        "ALLORA_API_URL": "http://127.0.0.1:9",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(variable, value)
    for variable in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "PIPENV_ACTIVE"):
        monkeypatch.delenv(variable, raising=False)
    return path


@pytest.mark.parametrize(
    "value", ["plain", "with blank", "it's", 'a "b"', "back\\slash", "$HOME", "# no comment", "ü"]
)
def test_each_value_is_read_as_it_was_given(value: str) -> None:
    written = lines_of({**REQUIRED, "AWS_PROFILE": value})
    assert load_text(written).aws_profile == value


def test_a_draft_tells_problems_of_answered_settings_alone() -> None:
    draft = Draft()
    assert draft.problem_with("ALLORA_NETWORK", "mainnet") is None  # its topic comes later
    draft.values["ALLORA_NETWORK"] = "mainnet"
    problem = draft.problem_with("AWS_REGION", "eu")
    assert problem is not None
    assert problem.variable == "AWS_REGION"


def test_comments_stand_above_their_settings_and_do_not_change_them() -> None:
    text = file.render(REQUIRED, {"AWS_REGION": "Two\nlines", "": "The end."}, "2026-11-29")
    assert "\n# Two\n# lines\nAWS_REGION=us-east-1\n" in text
    assert text.endswith("\n\n# The end.\n")
    assert load_text(text).aws_region == "us-east-1"


def test_what_exists_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "env"
    path.write_text("mine")
    with pytest.raises(OperatorError) as refused:
        file.write(path, "new")
    assert refused.value.code is ErrorCode.SETTINGS_FILE
    assert [each.read_text() for each in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("variable", "option"),
    [
        ("AWS_ACCOUNT_ID", "--account"),
        ("AWS_REGION", "--region"),
        ("AWS_PROFILE", "--profile"),
        ("ALLORA_NETWORK", "--network"),
        ("ALLORA_WORKER_TOPIC_ID", "--topic"),
        ("ALLORA_WORKER_TOKEN", "--token"),
        ("MODEL_REPO", "--model-repo"),
        ("MODEL_IMAGE", "--model-image"),
        ("AWS_INSTANCE_TYPE", "--instance-type"),
    ],
)
def test_an_option_with_an_empty_variable_of_a_script_is_refused(
    env_file: Path, variable: str, option: str
) -> None:
    with pytest.raises(OperatorError, match=f"{option}: An answer is needed") as refused:
        prepare({**REQUIRED, variable: ""}, asks=False)
    assert refused.value.code is ErrorCode.USAGE
    assert not env_file.exists()


def test_an_option_that_may_be_left_out_may_be_empty(env_file: Path) -> None:
    prepared = prepare({**REQUIRED, "ALARM_EMAIL": "", "MODEL_REF": ""}, asks=False)
    assert prepared.path == env_file
    assert not {"ALARM_EMAIL", "MODEL_REF"} & prepared.values.keys()


def test_a_remark_is_about_the_file_that_was_written(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    (remark,) = prepare(REQUIRED, asks=False).settings.warnings
    assert f"{env_file} differs from the environment" in remark


def test_a_wrong_variable_of_the_environment_is_blamed(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ROOT_VOLUME_SIZE", "small")
    with pytest.raises(SettingsError, match=r"^The new settings: 1 ") as refused:
        prepare(REQUIRED, asks=False)
    assert "AWS_ROOT_VOLUME_SIZE (environment)" in str(refused.value)
    assert not env_file.exists()


@pytest.mark.parametrize("there", [None, "mine"])
def test_a_file_system_without_links_is_good_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: str | None
) -> None:
    path = tmp_path / "env"
    monkeypatch.setattr(Path, "hardlink_to", _refuse_links)
    if there is None:
        file.write(path, "new")
        assert path.stat().st_mode & 0o077 == 0
    else:
        path.write_text(there)
        with pytest.raises(OperatorError, match="exists, and was not changed"):
            file.write(path, "new")
    assert [each.read_text() for each in tmp_path.iterdir()] == [there or "new"]


def _refuse_links(_path: Path, _target: Path) -> None:
    """Do as a memory stick's file system does."""
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="No such file or directory") as refused:
        file.write(tmp_path / "missing" / "env", "new")
    assert refused.value.code is ErrorCode.SETTINGS_FILE


def test_the_chain_is_asked_first() -> None:
    answers: dict[str, object] = {
        "/emissions/v10/topic_exists/69": {"exists": True},
        "/emissions/v10/topics/69": {"topic": {"metadata": "A new \x1b[1mname\n"}},
        "/emissions/v10/is_topic_active/69": {"is_active": False},
        "/emissions/v10/topic_exists/70": {"exists": False},
    }
    with json_by_path(answers) as url:
        found = topics.look_up("testnet", url, 69)
        missing = topics.look_up("testnet", url, 70)
    assert (found.name, found.active) == ("A new name\\x0a", False)
    assert topics.problem_with([missing], "testnet", own_model=True) == "testnet has no topic 70."


def test_the_list_answers_if_the_chain_does_not() -> None:
    with json_by_path({}) as url:
        listed = topics.look_up("testnet", url, 69)
        unlisted = topics.look_up("testnet", url, 4711)
    assert listed.name == "PLAYGROUND: 1 day BTC/USD Price Prediction"
    assert (unlisted.exists, topics.problem_with([unlisted], "testnet", own_model=True)) == (
        None,
        None,
    )


def test_the_own_model_serves_all_but_classifications() -> None:
    with json_by_path({}) as url:
        returns = topics.look_up("mainnet", url, 1)
        barriers = topics.look_up("testnet", url, 87)
    assert topics.problem_with([returns], "mainnet", own_model=True) is None
    refused = topics.problem_with([barriers], "testnet", own_model=True)
    assert "asks for a classification of GOLD over 24h, which the project's own" in str(refused)
    assert topics.problem_with([barriers], "testnet", own_model=False) is None
    assert 87 not in topics.suitable("testnet", own_model=True)
    assert {61, 79, 85} < topics.suitable("testnet", own_model=True).keys()


@pytest.mark.parametrize(
    ("given", "token"),
    [
        ({}, None),
        ({"ALLORA_WORKER_TOPIC_ID": "41,42"}, None),
        ({"ALLORA_WORKER_TOPIC_ID": "42", "ALLORA_WORKER_TOKEN": "BTC"}, "BTC"),
        ({"ALLORA_WORKER_TOPIC_ID": "4711"}, "BTC"),
        ({"ALLORA_WORKER_TOPIC_ID": "41", "MODEL_IMAGE": "ghcr.io/you/m:1"}, "ETH"),
        ({"ALLORA_WORKER_TOPIC_ID": "41,42", "MODEL_IMAGE": "ghcr.io/you/m:1"}, None),
    ],
)
def test_a_token_is_written_where_the_topics_do_not_tell(
    env_file: Path, given: dict[str, str], token: str | None
) -> None:
    prepared = prepare(REQUIRED | given, asks=False)
    assert env_file.exists()
    assert prepared.settings.worker_token == token
    assert prepared.values.get("ALLORA_WORKER_TOKEN") == token


def test_a_token_of_another_coin_is_refused(env_file: Path) -> None:
    given = {"ALLORA_WORKER_TOPIC_ID": "41,42", "ALLORA_WORKER_TOKEN": "BTC"}
    with pytest.raises(OperatorError, match="--token: The topics are about BTC and ETH"):
        prepare(REQUIRED | given, asks=False)
    assert not env_file.exists()


def test_the_list_is_one_that_the_own_model_understands() -> None:
    found = known_topics()
    assert TESTNET.sandbox_topic in found.topics["testnet"]
    prices = [
        topic
        for topics_ in found.topics.values()
        for topic in topics_.values()
        if topic.kind is Kind.PRICE
    ]
    for topic in prices:
        settings = load_text(
            lines_of(
                {
                    **REQUIRED,
                    "ALLORA_WORKER_TOKEN": topic.token,
                    "MODEL_ENV_VARS": f'HORIZON="{topic.horizon}"',
                }
            )
        )
        assert parse_horizon(settings.model_env["HORIZON"]) > 0
        assert topic.token in topic.name
