"""`allora init` against the embedded AWS: questions, options, and the file."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from devtools.embedded_aws.emulator import ACCOUNT_ID, Emulator
from settings import load_settings
from tests.local.deployment import Deployment, Result
from tests.local.terminal import CTRL_C, terminal
from tests.price_server import PriceServer

REGION = "us-east-1"
NOBODY = "http://127.0.0.1:9"
"""No chain answers there."""


@pytest.fixture
def deployment(emulator: Emulator, tmp_path: Path, prices: PriceServer) -> Deployment:
    """A user with credentials, and without a settings file."""
    made = Deployment(emulator, tmp_path / "work")
    env_file(made).unlink()
    made.variables |= {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL_PRICING": prices.url,
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "ALLORA_API_URL": NOBODY,
    }
    return made


def env_file(deployment: Deployment) -> Path:
    return deployment.directory / "env"


def init(deployment: Deployment, *options: str) -> Result:
    return deployment.allora("init", *options)


def files(deployment: Deployment) -> list[str]:
    return sorted(path.name for path in deployment.directory.iterdir())


def test_without_a_terminal_account_and_region_are_found_out(deployment: Deployment) -> None:
    done = init(deployment, "--yes", "--email", "you@example.com")
    assert done.returncode == 0, done.output
    file = env_file(deployment)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert files(deployment) == ["env"]
    settings = load_settings(file, {})
    assert settings.aws_account_id == ACCOUNT_ID
    assert settings.aws_region == REGION
    assert settings.topic_ids == (69,)
    assert settings.alarm_email == "you@example.com"
    assert "# Topic 69: PLAYGROUND: 1 day BTC/USD Price Prediction." in file.read_text("utf-8")
    assert "Next: allora wallet create" in done.output
    assert "USD a month" in done.output


def test_the_result_as_json_and_doctor_takes_the_file(deployment: Deployment) -> None:
    image = "ghcr.io/you/model:1.0.0"
    done = init(
        deployment, "--yes", "--json", "--network=mainnet", "--topic=1", f"--model-image={image}"
    )
    document = json.loads(done.output[done.output.index("{") :])
    assert document["settings"]["MODEL_IMAGE"] == image
    assert document["topics"] == [{"id": 1, "name": "BTC/USD - Log Returns - 8h", "active": None}]
    assert document["usd_a_month"] > 0
    doctor = deployment.allora("doctor", "--json")
    checks = json.loads(doctor.output[doctor.output.index("{") :])["checks"]
    assert [each["verdict"] for each in checks if each["id"] == "settings"] == ["ok"]


def test_a_file_that_exists_is_never_changed(deployment: Deployment) -> None:
    env_file(deployment).write_text("# mine\n", "utf-8")
    done = init(deployment, "--yes")
    assert done.returncode == 1
    assert "exists, and was not changed" in done.output
    assert env_file(deployment).read_text("utf-8") == "# mine\n"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--account=12"], "--account: '12' is not an AWS account id"),
        (["--region=us-est-1"], "--region: 'us-est-1' is not an AWS region that this release"),
        (["--topic=x"], "--topic: 'x' is not a list of topic ids"),
        (["--topic=87"], "--topic: '87' includes topic 87; it asks for a classification"),
        (["--network=mainnet"], "--topic: Topic: there is no default."),
        (["--network=devnet"], "--network: 'devnet' is none of testnet, mainnet"),
        (["--model-ref=v1"], "--model-ref: 'v1' is set without MODEL_REPO"),
        (["--model-repo=git@host:me"], "--model-repo: "),
        (["--model-repo=https://a.b/c", "--model-image=d:1"], "--model-image: "),
        (["--token=ETH"], "--token: The topic is about BTC."),
        (["--email=you"], "--email: 'you' is not an e-mail address"),
        (["--instance-type=t3.nano"], "--instance-type: 't3.nano' has 512 MiB of memory"),
        (["--profile=nobody"], "The config profile (nobody) could not be found"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_option_is_named_and_nothing_is_written(
    deployment: Deployment, options: list[str], reason: str
) -> None:
    done = init(deployment, "--yes", *options)
    assert done.returncode in {1, 2}
    assert reason in done.output
    assert "Traceback" not in done.output
    assert files(deployment) == []


def test_without_a_terminal_questions_need_yes(deployment: Deployment) -> None:
    done = init(deployment)
    assert done.returncode == 1
    assert "add --yes" in done.output
    assert files(deployment) == []


def test_without_credentials_the_account_is_an_option(deployment: Deployment) -> None:
    deployment.variables |= {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    refused = init(deployment, "--yes")
    assert "aws configure sso" in refused.output
    assert "To go on without: --account" in refused.output
    assert files(deployment) == []
    done = init(deployment, "--yes", "--account=123456789012")
    assert done.returncode == 0, done.output
    assert "Next: get credentials" in done.output
    assert load_settings(env_file(deployment), {}).aws_account_id == "123456789012"


def test_of_several_profiles_one_must_be_chosen(deployment: Deployment, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(
        "[profile a]\nregion=eu-west-1\n[profile b]\nregion=eu-central-1\n", "utf-8"
    )
    deployment.variables |= {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    del deployment.variables["AWS_DEFAULT_REGION"]
    assert "--profile: choose one of a, b." in init(deployment, "--yes").output
    done = init(deployment, "--yes", "--profile=b", "--account=123456789012")
    assert done.returncode == 0, done.output
    settings = load_settings(env_file(deployment), {})
    assert (settings.aws_profile, settings.aws_region) == ("b", "eu-central-1")


def test_a_dialogue_asks_again_with_the_reason(deployment: Deployment) -> None:
    answers = (
        ("AWS region [us-east-1]: ", "us-est-1"),
        ("is not an AWS region", "eu-central-1"),
        ("Network: testnet or mainnet [testnet]: ", ""),
        ("Model, 1 to 3 [1]: ", "4"),
        ("Type a number from 1 to 3.", "1"),
        ("Topic [69]: ", "87"),
        ("asks for a classification", "42"),
        ("E-mail address for alarms [none]: ", "you@example.com"),
        ("Instance type [", "t3.small"),
    )
    with terminal(deployment, "init") as user:
        for question, answer in answers:
            user.expect(question)
            user.enter(answer)
        assert user.end() == 0, user.text
    assert f"AWS account: {ACCOUNT_ID} (arn:" in user.text
    assert "69 PLAYGROUND: 1 day BTC/USD Price Prediction" in user.text
    assert "Topics of 2026-09-05; today's: https://docs.allora.network/api/topics.json" in user.text
    settings = load_settings(env_file(deployment), {})
    assert (settings.aws_region, settings.topic_ids) == ("eu-central-1", (42,))
    assert settings.instance_type == "t3.small"
    assert settings.tokens == {42: "BTC"}


def test_ctrl_c_leaves_nothing(deployment: Deployment) -> None:
    with terminal(deployment, "init", "--region", "us-east-1") as user:
        user.expect("Network: ")
        user.type(CTRL_C)
        assert user.end() == 130, user.text
    assert files(deployment) == []
