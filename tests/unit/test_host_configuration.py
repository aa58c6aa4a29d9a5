"""What of the settings reaches the host, and how."""

from __future__ import annotations

import base64
import gzip
import json
import random
import string
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from settings import Settings, SettingsError
from stacks.host_configuration import host_user_data
from tests.unpacked import unpack

MakeSettings = Callable[..., Settings]


@pytest.fixture
def host(make_settings: MakeSettings, tmp_path: Path) -> Callable[..., Path]:
    """The root of a host that has unpacked the user data of some settings."""

    def make(**variables: str) -> Path:
        encoded = host_user_data(make_settings(**variables)).base64
        root = tmp_path / "host"
        unpack(gzip.decompress(base64.b64decode(encoded)).decode(), root)
        return root

    return make


def services(root: Path) -> Any:
    return json.loads((root / "etc/allora/compose.settings.json").read_text())["services"]


def variable(root: Path, name: str) -> str:
    script = f'set -u; . {root}/etc/allora/host.env; printf %s "${name}"'
    return subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True).stdout


def test_scripts_units_and_compose_file_are_there(host: Callable[..., Path]) -> None:
    root = host()
    source = Path(__file__).resolve().parents[2] / "scripts" / "host"
    tracked = subprocess.run(
        ["git", "ls-files", "bin", "lib", "systemd"],
        cwd=source,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    destinations = {
        "bin": "opt/allora/bin",
        "lib": "opt/allora/lib",
        "systemd": "etc/systemd/system",
    }
    assert len(tracked) > 10
    for file in tracked:
        folder, name = file.split("/")
        assert (root / destinations[folder] / name).read_bytes() == (source / file).read_bytes()
    assert (root / "opt/allora/bin/install.sh").stat().st_mode & 0o111
    assert (root / "etc/systemd/system/allora.service").exists()
    assert (root / "opt/allora/compose.yaml").exists()


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
        host_user_data(make_settings(MODEL_ENV_VARS=f"NOISE={noise}"))
    report = str(error.value)
    assert "MODEL_ENV_VARS: holds 20,006 bytes" in report
    assert "16,384" in report
    assert "->" in report
    assert noise[:40] not in report
