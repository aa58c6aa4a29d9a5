"""bin/fetch-secrets.py as the host runs it: an emulated Parameter Store."""

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.host_scripts import imds

SCRIPT = Path(__file__).parents[2] / "scripts/host/bin/fetch-secrets.py"
PREFIX = "/allora/tester"
ROLE = "iam/security-credentials/allora-worker-role"
CREDENTIALS = {"AccessKeyId": "testing", "SecretAccessKey": "testing", "Token": "token"}
MNEMONIC = "canary-mnemonic-1f0c"
KEY = "canary-model-key-77aa"


@pytest.fixture
def ssm(endpoint: str) -> Any:
    return boto3.client(
        "ssm",
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


class Host:
    """A host's root directory, on which the script runs, and its instance metadata."""

    def __init__(self, directory: Path, endpoint: str, imds_url: str) -> None:
        self.root = root = directory / "root"
        self.role = directory / "imds" / ROLE
        self.role.parent.mkdir(parents=True)
        self.role.write_text(json.dumps(CREDENTIALS))
        self.environment = {
            "PATH": os.environ["PATH"],
            "ALLORA_ROOT": str(root),
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": endpoint,
            "IMDS_ENDPOINT": imds_url,
            "AWS_MAX_ATTEMPTS": "1",
            "SECRETS_PREFIX": PREFIX,
            "MODEL_SECRETS": "",
            "WORKER_UID": str(os.getuid()),
        }
        (root / "etc/allora").mkdir(parents=True)
        self.use_worker({"build": "/opt/allora/worker"})

    def use_worker(self, worker: dict[str, str]) -> None:
        settings = {"services": {"worker": worker, "model": {"image": "model"}}}
        (self.root / "etc/allora/compose.settings.json").write_text(json.dumps(settings))

    def run(self, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, str(SCRIPT)],
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def files(self) -> dict[str, str]:
        """What the script has put anywhere below the root, by its place among the secrets."""
        secrets = self.root / "run/allora/secrets"
        return {
            str(path.relative_to(secrets)): path.read_text()
            for path in self.root.rglob("*")
            if path.is_file() and path.name != "compose.settings.json"
        }

    def mode(self, path: str) -> int:
        return stat.S_IMODE((self.root / "run/allora/secrets" / path).stat().st_mode)


@pytest.fixture
def host(tmp_path: Path, endpoint: str) -> Iterator[Host]:
    with imds.serve(tmp_path / "imds") as imds_url:
        yield Host(tmp_path, endpoint, imds_url)


def put(ssm: Any, name: str, value: str) -> None:
    ssm.put_parameter(Name=f"{PREFIX}/{name}", Value=value, Type="SecureString", Overwrite=True)


def refused(result: "subprocess.CompletedProcess[str]", *, needs_operator: bool = False) -> str:
    """The one sentence of a failure; neither a traceback nor a secret is ever in it."""
    assert result.returncode == (78 if needs_operator else 1)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert "canary" not in result.stderr
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_each_service_gets_its_secrets_and_no_other(host: Host, ssm: Any) -> None:
    put(ssm, "mnemonic", MNEMONIC)
    put(ssm, "api-key", "canary-api")
    put(ssm, "inference-token", "canary-token")
    put(ssm, "model/CG_API_KEY", KEY)
    put(ssm, "model/NOT_ASKED_FOR", "canary-other")
    result = host.run(MODEL_SECRETS="CG_API_KEY")
    assert result.returncode == 0, result.stderr
    assert host.files() == {
        "worker/mnemonic": MNEMONIC,
        "worker/api-key": "canary-api",
        "worker/inference-token": "canary-token",
        "model/CG_API_KEY": KEY,
    }
    assert result.stdout + result.stderr == ""


def test_only_root_gets_in_and_only_the_worker_reads_the_worker_s(host: Host, ssm: Any) -> None:
    put(ssm, "mnemonic", MNEMONIC)
    put(ssm, "model/CG_API_KEY", KEY)
    host.run(MODEL_SECRETS="CG_API_KEY")
    assert host.mode(".") == 0o700
    assert host.mode("worker/mnemonic") == 0o400
    assert host.mode("model/CG_API_KEY") == 0o444


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_the_worker_s_files_belong_to_the_worker_s_user(host: Host, ssm: Any) -> None:
    put(ssm, "mnemonic", MNEMONIC)
    host.run(WORKER_UID="")
    assert (host.root / "run/allora/secrets/worker/mnemonic").stat().st_uid == 10001


def test_optional_secrets_may_be_missing(host: Host, ssm: Any) -> None:
    put(ssm, "mnemonic", MNEMONIC)
    assert host.run().returncode == 0
    assert host.files() == {"worker/mnemonic": MNEMONIC}
    assert host.mode("model") == 0o755


def test_a_new_value_arrives_in_the_same_directory_and_a_withdrawn_secret_goes(
    host: Host, ssm: Any
) -> None:
    put(ssm, "mnemonic", MNEMONIC)
    put(ssm, "api-key", "canary-api")
    host.run()
    directory = (host.root / "run/allora/secrets/worker").stat().st_ino
    put(ssm, "mnemonic", "canary-new")
    ssm.delete_parameter(Name=f"{PREFIX}/api-key")
    assert host.run().returncode == 0
    assert host.files() == {"worker/mnemonic": "canary-new"}
    assert (host.root / "run/allora/secrets/worker").stat().st_ino == directory


def test_what_a_killed_run_left_behind_is_no_obstacle(host: Host, ssm: Any) -> None:
    put(ssm, "mnemonic", MNEMONIC)
    host.run()
    (host.root / "run/allora/secrets/worker/.mnemonic").write_text("half")
    assert host.run().returncode == 0
    assert host.files() == {"worker/mnemonic": MNEMONIC}


def test_all_missing_secrets_are_named_with_the_command_and_the_old_ones_stay(
    host: Host, ssm: Any
) -> None:
    put(ssm, "mnemonic", MNEMONIC)
    host.run()
    ssm.delete_parameter(Name=f"{PREFIX}/mnemonic")
    report = refused(host.run(MODEL_SECRETS="CG_API_KEY"), needs_operator=True)
    assert "run: allora wallet import" in report
    assert "allora secret set model/CG_API_KEY" in report
    assert host.files() == {"worker/mnemonic": MNEMONIC}


def test_a_worker_image_of_somebody_else_may_have_no_mnemonic(host: Host, ssm: Any) -> None:
    host.use_worker({"image": "example/worker:1"})
    assert host.run().returncode == 0
    assert host.files() == {}
    put(ssm, "mnemonic", MNEMONIC)
    host.run()
    assert host.files() == {"worker/mnemonic": MNEMONIC}


def test_more_secrets_than_one_request_takes(host: Host, ssm: Any) -> None:
    names = [f"KEY_{number}" for number in range(25)]
    put(ssm, "mnemonic", MNEMONIC)
    for name in names:
        put(ssm, f"model/{name}", f"canary-{name}")
    assert host.run(MODEL_SECRETS=" ".join(names)).returncode == 0
    assert {f"model/{name}": f"canary-{name}" for name in names}.items() <= host.files().items()


@pytest.mark.parametrize("name", ["../worker/mnemonic", "/etc/passwd", "A-B"])
def test_a_name_is_never_a_path(host: Host, ssm: Any, name: str) -> None:
    put(ssm, "mnemonic", MNEMONIC)
    assert f"'{name}'" in refused(host.run(MODEL_SECRETS=name), needs_operator=True)
    assert host.files() == {}


def test_an_unreachable_parameter_store_is_one_sentence(host: Host) -> None:
    report = refused(host.run(AWS_ENDPOINT_URL="http://127.0.0.1:1"))
    assert "SSM Parameter Store in us-east-1 does not give the secrets" in report
    assert "Connection refused" in report


def test_a_host_without_a_role_is_one_sentence(host: Host) -> None:
    host.role.unlink()
    host.role.parent.rmdir()
    assert "HTTP Error 404" in refused(host.run())


class Answers(BaseHTTPRequestHandler):
    """Answers each request with the next of `statuses`; 200 comes with the mnemonic."""

    statuses: list[int]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status = self.statuses.pop(0)
        body = {
            200: {"Parameters": [{"Name": f"{PREFIX}/mnemonic", "Value": MNEMONIC}]},
            400: {"__type": "AccessDeniedException", "message": "not authorized"},
        }.get(status, {})
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


@pytest.fixture
def answers() -> Iterator[tuple[str, list[int]]]:
    """An endpoint, and the list of the statuses that it will answer with."""
    statuses: list[int] = []
    handler = type("Scripted", (Answers,), {"statuses": statuses})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", statuses
        server.shutdown()


def test_a_parameter_store_that_fails_for_a_moment_is_asked_again(
    host: Host, answers: tuple[str, list[int]]
) -> None:
    url, statuses = answers
    statuses += [503, 200]
    assert host.run(AWS_ENDPOINT_URL=url, AWS_MAX_ATTEMPTS="").returncode == 0
    assert host.files() == {"worker/mnemonic": MNEMONIC}
    assert statuses == []


def test_a_policy_that_is_not_in_force_yet_is_waited_for(
    host: Host, answers: tuple[str, list[int]]
) -> None:
    url, statuses = answers
    statuses += [400, 200]
    assert host.run(AWS_ENDPOINT_URL=url, AWS_MAX_ATTEMPTS="").returncode == 0
    assert host.files() == {"worker/mnemonic": MNEMONIC}


def test_a_denied_permission_names_the_remedy(host: Host, answers: tuple[str, list[int]]) -> None:
    url, statuses = answers
    statuses += [400]
    report = refused(host.run(AWS_ENDPOINT_URL=url))
    assert "AccessDeniedException" in report
    assert "for permissions: allora deploy." in report
