"""What of the settings reaches the host, and how."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
import re
import string
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from settings import Settings, SettingsError, load_settings
from settings.sections.worker import DEFAULT_PYTHON_IMAGE
from tests.unpacked import unpack
from user_data.cloud_config import MAX_USER_DATA_BYTES
from user_data.host_files import host_user_data

MakeSettings = Callable[..., Settings]

DIGEST = hashlib.sha256(b"an archive").hexdigest()
ROOT = Path(__file__).resolve().parents[2]
HOST = ROOT / "scripts/host/bin"
SAMPLES = sorted((ROOT / "samples").glob("*.env"))


@pytest.fixture
def host(make_settings: MakeSettings, tmp_path: Path) -> Callable[..., Path]:
    """The root of a host that has unpacked the user data of some settings."""

    def make(**variables: str) -> Path:
        settings = make_settings(**variables)
        encoded = host_user_data(settings, archive_sha256=DIGEST).base64
        root = tmp_path / "host"
        unpack(encoded, root)
        return root

    return make


def services(root: Path) -> Any:
    return json.loads((root / "etc/allora/compose.settings.json").read_text())["services"]


def variable(root: Path, name: str) -> str:
    script = f'set -u; . {root}/etc/allora/host.env; printf %s "${name}"'
    return subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True).stdout


def test_user_data_has_the_settings_and_what_fetches_the_rest(host: Callable[..., Path]) -> None:
    root = host()
    files = {str(file.relative_to(root)) for file in root.rglob("*") if file.is_file()}
    assert files == {
        "etc/allora/host.env",
        "etc/allora/compose.settings.json",
        "etc/apt/apt.conf.d/52allora",
        "etc/systemd/system/allora-install.service",
        "opt/allora-bootstrap/aws.py",
        "opt/allora-bootstrap/bootstrap.py",
    }
    for name in ("aws.py", "bootstrap.py"):
        assert (root / "opt/allora-bootstrap" / name).read_bytes() == (HOST / name).read_bytes()
    assert (root / "opt/allora-bootstrap/bootstrap.py").stat().st_mode & 0o111
    unit = (root / "etc/systemd/system/allora-install.service").read_text()
    assert "ExecStart=/opt/allora-bootstrap/bootstrap.py\n" in unit


def test_bootstrap_runs_at_the_first_boot(make_settings: MakeSettings) -> None:
    encoded = host_user_data(make_settings(), archive_sha256=DIGEST).base64
    document = yaml.safe_load(gzip.decompress(base64.b64decode(encoded)).decode())
    enable = ["systemctl", "enable", "--now", "--no-block", "allora-install.service"]
    assert document["runcmd"] == [enable]


def test_worker_gets_its_settings_and_boot_nodes(host: Callable[..., Path]) -> None:
    nodes = (
        "/dns4/heads.example.org/tcp/9527/p2p/12D3KooWEvjH6FAGV5V5bKvhnWJbYXkJVNPYrKkkXsfxkzkVtVqL"
    )
    worker = services(
        host(
            ALLORA_WORKER_TOPIC_ID="69,77",
            ALLORA_WORKER_IMAGE="example.org/worker:1.0",
            BOOT_NODES=nodes,
        )
    )["worker"]
    assert worker["image"] == "example.org/worker:1.0"
    assert worker["environment"]["BOOT_NODES"] == nodes
    assert worker["environment"]["ALLORA_WORKER_TOPIC_ID"] == "69,77"
    assert worker["environment"]["ALLORA_NETWORK"] == "testnet"


def test_boot_nodes_are_always_in_the_worker_s_environment(host: Callable[..., Path]) -> None:
    assert services(host())["worker"]["environment"]["BOOT_NODES"] == ""


def test_model_from_a_repository_is_built(host: Callable[..., Path]) -> None:
    root = host(MODEL_REPO="https://example.org/model.git", MODEL_REF="v1.0")
    assert services(root)["model"]["build"] == {"context": "/var/lib/allora/model"}
    assert variable(root, "MODEL_REPO") == "https://example.org/model.git"
    assert variable(root, "MODEL_REF") == "v1.0"


def test_model_image_is_not_built(host: Callable[..., Path]) -> None:
    model = services(host(MODEL_IMAGE="example.org/model:1.0"))["model"]
    assert model["image"] == "example.org/model:1.0"
    assert "build" not in model


def test_secret_variables_are_files_and_only_named(host: Callable[..., Path]) -> None:
    root = host(MODEL_SECRETS="CG_API_KEY")
    assert services(root)["model"]["environment"]["CG_API_KEY_FILE"] == "/run/secrets/CG_API_KEY"
    assert variable(root, "MODEL_SECRETS") == "CG_API_KEY"
    assert variable(root, "SECRETS_PREFIX") == "/allora/worker"


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({}, "none"),
        ({"EDGE_DATA_VOL_TYPE": "gp3"}, "ebs"),
        (
            {"AWS_INSTANCE_TYPE": "i4i.large", "EDGE_DATA_VOL_TYPE": "instance-store"},
            "instance-store",
        ),
    ],
)
def test_host_knows_what_disk_it_has(
    host: Callable[..., Path], settings: dict[str, str], kind: str
) -> None:
    assert variable(host(**settings), "DATA_VOLUME") == kind


def test_too_much_is_refused_by_the_setting_s_name(make_settings: MakeSettings) -> None:
    noise = "".join(random.Random(0).choices(string.ascii_letters, k=20_000))
    with pytest.raises(SettingsError) as error:
        host_user_data(make_settings(MODEL_ENV_VARS=f"NOISE={noise}"), archive_sha256=DIGEST)
    report = str(error.value)
    assert "MODEL_ENV_VARS: holds 20,006 bytes" in report
    assert "16,384" in report
    assert "->" in report
    assert noise[:40] not in report


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_half_of_the_user_data_is_left_for_the_settings(sample: Path) -> None:
    user_data = host_user_data(load_settings(sample, {}), archive_sha256=DIGEST).base64
    assert len(base64.b64decode(user_data)) < MAX_USER_DATA_BYTES / 2


def test_own_images_are_built_as_the_settings_say(host: Callable[..., Path]) -> None:
    both = services(host(ALLORA_PYTHON_IMAGE="registry.example.com/python:3.13"))
    assert both["worker"]["build"] == {
        "context": "/opt/allora/build-contexts/worker",
        "args": {
            "PYTHON_IMAGE": "registry.example.com/python:3.13",
            "ALLORA_SDK_VERSION": "1.3.0",
        },
    }
    assert both["model"]["build"] == {
        "context": "/opt/allora/build-contexts/model_server",
        "args": {"PYTHON_IMAGE": "registry.example.com/python:3.13"},
    }
    assert both["model"]["read_only"] is True


def test_base_image_is_pinned_by_digest(host: Callable[..., Path]) -> None:
    for service in services(host()).values():
        assert re.search(r"@sha256:[0-9a-f]{64}$", service["build"]["args"]["PYTHON_IMAGE"])


def test_own_model_is_told_token_and_port_and_may_be_told_otherwise(
    host: Callable[..., Path],
) -> None:
    told = services(host(ALLORA_WORKER_TOKEN="ETH", MODEL_PORT="8080"))["model"]["environment"]
    assert told == {"TOKEN": "ETH", "TOPICS": "69=price:1d", "PORT": "8080"}
    told = services(host(MODEL_ENV_VARS="TOKEN=SOL"))["model"]["environment"]
    assert told["TOKEN"] == "SOL"


def test_own_model_is_told_what_each_topic_asks_for(host: Callable[..., Path]) -> None:
    root = host(ALLORA_WORKER_TOPIC_ID="41,61,79,4711")
    told = services(root)["model"]["environment"]
    assert told["TOPICS"] == "41=price:8h,61=log-return:1d,79=volatility:15min"
    assert told["TOKEN"] == "ETH"
    assert services(root)["worker"]["environment"]["ALLORA_WORKER_TOKEN"] == ""


def test_a_worker_of_another_image_still_gets_a_token(host: Callable[..., Path]) -> None:
    root = host(ALLORA_WORKER_TOPIC_ID="41", ALLORA_WORKER_IMAGE="example.org/worker:1.0")
    assert services(root)["worker"]["environment"]["ALLORA_WORKER_TOKEN"] == "ETH"


def test_somebody_s_model_gets_its_own_variables_alone(host: Callable[..., Path]) -> None:
    model = services(host(MODEL_IMAGE="example.org/model:1.0", MODEL_ENV_VARS="A=$b"))["model"]
    assert model["environment"] == {"A": "$$b"}
    assert "read_only" not in model


def test_model_s_command_replaces_that_of_its_image(host: Callable[..., Path]) -> None:
    repository = {"MODEL_REPO": "https://example.org/model.git", "MODEL_REF": "v1.0"}
    command = """sh -c 'exec python "$APP"' -u"""
    model = services(host(**repository, MODEL_COMMAND=command))["model"]
    assert model["command"] == ["sh", "-c", 'exec python "$$APP"', "-u"]
    assert "command" not in services(host(**repository))["model"]


def test_host_knows_which_archive_is_its_own(host: Callable[..., Path]) -> None:
    root = host(TF_STATE_REGION="eu-west-1")
    assert variable(root, "ARCHIVE_SHA256") == DIGEST
    assert variable(root, "ARCHIVE_BUCKET") == "allora-tfstate-123456789012-eu-central-1"
    assert variable(root, "ARCHIVE_REGION") == "eu-west-1"


@pytest.mark.parametrize(("time", "reboots"), [("23:15", "true"), ("never", "false")])
def test_security_updates_restart_the_host_when_told(
    host: Callable[..., Path], time: str, reboots: str
) -> None:
    root = host(HOST_REBOOT_TIME=time)
    options = dict(
        re.findall(r'^(\S+) "(.*)";$', (root / "etc/apt/apt.conf.d/52allora").read_text(), re.M)
    )
    assert options["Unattended-Upgrade::Automatic-Reboot"] == reboots
    assert options["APT::Periodic::Unattended-Upgrade"] == "1"
    assert time in ("never", options["Unattended-Upgrade::Automatic-Reboot-Time"])


def test_role_and_its_endpoints_reach_the_worker(host: Callable[..., Path]) -> None:
    worker = services(host(ALLORA_WORKER_ROLE="reputer", MODEL_PORT="8080"))["worker"]
    assert worker["environment"]["ALLORA_WORKER_ROLE"] == "reputer"
    assert worker["environment"]["ALLORA_WORKER_GROUND_TRUTH_ENDPOINT"] == (
        "http://model:8080/ground-truth/{Token}?topic_id={TopicId}&block_height={BlockHeight}"
    )


@pytest.mark.parametrize(
    ("variables", "endpoint"),
    [
        (
            {},
            "http://model:8000/inference/{Token}?topic_id={TopicId}&kind={Kind}&horizon={Horizon}",
        ),
        ({"MODEL_IMAGE": "m:1", "MODEL_PORT": "80"}, "http://model:80/inference/{Token}"),
        (
            {"ALLORA_WORKER_INFERENCE_ENDPOINT": "http://source:8000/x/{BlockHeight}"},
            "http://source:8000/x/{BlockHeight}",
        ),
    ],
)
def test_worker_asks_the_model_by_the_contract(
    host: Callable[..., Path], variables: dict[str, str], endpoint: str
) -> None:
    environment = services(host(**variables))["worker"]["environment"]
    assert environment["ALLORA_WORKER_INFERENCE_ENDPOINT"] == endpoint


def test_dockerfiles_and_settings_agree_on_the_base_image() -> None:
    containers = Path(__file__).resolve().parents[2] / "containers"
    for part in ("worker", "model_server"):
        dockerfile = (containers / part / "Dockerfile").read_text()
        assert re.findall(r"^ARG PYTHON_IMAGE=(.+)$", dockerfile, re.M) == [DEFAULT_PYTHON_IMAGE]
