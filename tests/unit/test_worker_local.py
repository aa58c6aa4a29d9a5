"""`make worker-local`, as far as it goes without Docker (tests/host runs it with Docker)."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


class Computer:
    """A computer whose docker only notes what it is told."""

    def __init__(self, tmp_path: Path) -> None:
        self.bin = tmp_path / "bin"
        self.bin.mkdir()
        self.system_path = ":/usr/bin:/bin"
        self.noted = tmp_path / "noted"
        self.directory = tmp_path / "project"
        self.directory.mkdir()
        self.docker(
            f'printf "%s\\n" "$@" > {self.noted}\n'
            f'printf "%s\\n" "$SECRETS_DIR" "$FAKE_CHAIN" > {self.noted}.environment'
        )

    def docker(self, script: str) -> None:
        docker = self.bin / "docker"
        docker.write_text(f"#!/bin/sh\n{script}\n")
        docker.chmod(0o755)

    def run(self, *arguments: str, env: str = "") -> subprocess.CompletedProcess[str]:
        (self.directory / ".env").write_text(env)
        return subprocess.run(
            [sys.executable, "-m", "devtools.worker_local", *arguments],
            cwd=self.directory,
            env={"PATH": f"{self.bin}{self.system_path}", "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )

    def services(self) -> Any:
        files = [
            Path(line) for line in self.noted.read_text().splitlines() if line.endswith(".json")
        ]
        return json.loads(files[0].read_text())["services"]


@pytest.fixture
def computer(tmp_path: Path) -> Computer:
    return Computer(tmp_path)


def test_the_host_s_own_compose_file_is_used(computer: Computer) -> None:
    result = computer.run("up")
    assert result.returncode == 0, result.stderr
    told = computer.noted.read_text().splitlines()
    assert str(ROOT / "scripts/host/compose.yaml") in told
    assert told[told.index("--project-name") + 1] == "allora-local"
    assert "curl http://127.0.0.1:9010/health" in result.stdout


def test_all_that_docker_is_given_exists(computer: Computer) -> None:
    computer.run("up")
    arguments = computer.noted.read_text().splitlines()
    files = [Path(file) for flag, file in pairwise(arguments) if flag == "--file"]
    mounted = computer.noted.with_suffix(".environment").read_text().splitlines()
    contexts = [service["build"]["context"] for service in computer.services().values()]
    assert len(files) == 3
    assert len(contexts) == 3
    for path in (*files, *map(Path, mounted), *(Path(each, "Dockerfile") for each in contexts)):
        assert path.exists(), path


def test_worker_talks_to_the_chain_beside_it_and_to_no_other(computer: Computer) -> None:
    computer.run("up", env="ALLORA_WORKER_TOPIC_ID=69,77\nALLORA_NETWORK=mainnet")
    services = computer.services()
    environment = services["worker"]["environment"]
    assert environment["ALLORA_NETWORK"] == "local"
    assert environment["ALLORA_GRPC_URL"] == "grpc+http://chain:9090"
    assert environment["ALLORA_WEBSOCKET_URL"] == "ws://chain:26657/websocket"
    assert services["chain"]["command"][-6:-2] == ["--topic", "69", "--topic", "77"]


def test_the_chain_names_topics_as_the_network_does(computer: Computer) -> None:
    computer.run("up", env="ALLORA_WORKER_TOPIC_ID=61,4711")
    flag, behaviour = computer.services()["chain"]["command"][-2:]
    assert flag == "--behaviour"
    names = {"61": {"metadata": "1 day BTC/USD Log-Return Prediction"}, "4711": {}}
    assert json.loads(behaviour) == {"topics": names}


def test_model_is_the_folder_that_was_named(computer: Computer) -> None:
    model = computer.directory / "model"
    model.mkdir()
    (model / "Dockerfile").write_text("FROM scratch")
    computer.run("up", "--model", "model")
    assert computer.services()["model"]["build"] == {"context": str(model)}


def test_model_s_settings_are_those_of_the_env_file(computer: Computer) -> None:
    computer.run(
        "up", env="MODEL_REPO=https://example.org/m.git\nMODEL_REF=v1\nMODEL_ENV_VARS=A=b\n"
    )
    model = computer.services()["model"]
    assert model["build"]["context"] == "https://example.org/m.git#v1"
    assert model["environment"]["A"] == "b"


def test_a_model_of_the_forge_kit_is_mounted(computer: Computer) -> None:
    (computer.directory / "predict.pkl").write_bytes(b"a pickle")
    needs = "MODEL_REQUIREMENTS=cloudpickle==3.1.1\nMODEL_PYTHON=3.12\n"
    result = computer.run("up", env=f"MODEL_FORGE=predict.pkl\n{needs}")
    assert result.returncode == 0, result.stderr
    model = computer.services()["model"]
    context, (mount,) = Path(model["build"]["context"]), model["volumes"]
    assert (context / "Dockerfile").is_file()
    assert (context / "requirements.txt").read_text() == "cloudpickle==3.1.1\n"
    assert (Path(mount["source"]) / "predict.pkl").read_bytes() == b"a pickle"
    assert (mount["target"], mount["read_only"], model["read_only"]) == ("/model", True, True)


def test_a_model_of_the_forge_kit_that_cannot_be_fetched(computer: Computer) -> None:
    needs = "MODEL_REQUIREMENTS=cloudpickle==3.1.1\nMODEL_PYTHON=3.12\n"
    url = f"MODEL_FORGE=https://127.0.0.1:9/m.pkl\nMODEL_SHA256=sha256:{0:064}\n"
    result = computer.run("up", env=url + needs)
    assert result.returncode == 1
    assert "MODEL_FORGE: https://127.0.0.1:9/m.pkl cannot be read" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_chain_has_the_labels_that_are_asked_for(computer: Computer) -> None:
    computer.run("up", "--labels", "down, up", env="ALLORA_WORKER_TOPIC_ID=69,77")
    command = computer.services()["chain"]["command"]
    behaviour = json.loads(command[command.index("--behaviour") + 1])
    assert [behaviour["topics"][each]["labels"] for each in ("69", "77")] == [["down", "up"]] * 2
    computer.run("up", "--labels", "")
    assert '"labels"' not in computer.services()["chain"]["command"][-1]


def test_a_folder_without_a_dockerfile_is_named(computer: Computer) -> None:
    result = computer.run("up", "--model", "absent")
    assert result.returncode == 1
    assert "absent has no Dockerfile" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_computer_without_docker_is_told_where_to_get_it(computer: Computer) -> None:
    (computer.bin / "docker").unlink()
    computer.system_path = ""
    result = computer.run("up")
    assert result.returncode == 1
    assert "https://docs.docker.com" in result.stderr


def test_a_docker_without_compose_is_told_where_to_get_it(computer: Computer) -> None:
    # As docker without the plugin: "compose" is no command, and its options are not known.
    computer.docker('echo "unknown flag: --project-name" >&2; exit 125')
    result = computer.run("up")
    assert result.returncode == 1
    assert "https://docs.docker.com/compose/install" in result.stderr
    assert "unknown flag" not in result.stderr


def test_wallet_is_the_public_test_vector(computer: Computer) -> None:
    computer.run("up")
    secrets = Path(computer.noted.with_suffix(".environment").read_text().splitlines()[0], "worker")
    assert secrets.joinpath("mnemonic").read_text().split() == ["abandon"] * 11 + ["about"]


def test_logs_stay_on_this_computer() -> None:
    class Loader(yaml.SafeLoader):
        def override(self, node: yaml.MappingNode) -> dict[Any, Any]:
            return self.construct_mapping(node)

    Loader.add_constructor("!override", Loader.override)
    text = (ROOT / "devtools/worker_local/compose.yaml").read_text()
    services = yaml.load(text, Loader)["services"]  # noqa: S506 - a safe loader
    for name in ("worker", "model"):
        assert services[name]["logging"] == {"driver": "local"}
