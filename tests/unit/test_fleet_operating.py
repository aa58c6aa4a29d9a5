"""Operate the workers of a fleet by name, as an operator types it, on an AWS in this process."""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from allora_cli.__main__ import main
from allora_cli.errors import ErrorCode, ExitCode
from allora_cli.status.conditions import Condition
from allora_cli.wallet.mnemonic import address_of, make_words
from settings.fleet_file import names_to_complete
from shared.stacks import FLEET, SINGLE_NODE, state_key
from tests.http_server import json_by_path

BUCKET, CLUSTER = "states", "allora-worker-fleet"
ENV = (
    "AWS_ACCOUNT_ID=123456789012\nAWS_REGION=us-east-1\nALLORA_WORKER_NAME=host\n"
    f"TF_STATE_BUCKET={BUCKET}\n"
)
FILE = "[workers.btc-day]\n[workers.eth]\nMODEL_SECRETS = 'KEY'\n[workers.sol]\npaused = true\n"
NAMES = ("btc-day", "eth", "sol")
PASSPHRASE = "five random words are better"


@dataclass(frozen=True)
class Command:
    """Runs `allora` in this process."""

    patch: pytest.MonkeyPatch
    captured: pytest.CaptureFixture[str]

    def run(self, *arguments: str, stdin: str = "") -> tuple[int, str, str]:
        """Return exit code, standard output and standard error."""
        self.patch.setattr(sys, "argv", ["allora", *arguments])
        self.patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = main()
        told = self.captured.readouterr()
        return code, told.out, told.err

    def refused(self, *arguments: str, stdin: str = "") -> tuple[str, str]:
        """Return the code and the message of the error, as JSON has it."""
        code, out, _ = self.run(*arguments, "--json", stdin=stdin)
        assert code != ExitCode.OK
        error = json.loads(out)["error"]
        return error["trouble"], error["message"]

    def json(self, *arguments: str, stdin: str = "") -> Any:
        """Return the document of a command that works."""
        code, out, err = self.run(*arguments, "--json", stdin=stdin)
        assert code == ExitCode.OK, err
        return json.loads(out)


@pytest.fixture
def allora(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    (tmp_path / ".env").write_text(ENV)
    (tmp_path / "fleet.toml").write_text(FILE)
    monkeypatch.setenv("ALLORA_ENV_FILE", str(tmp_path / ".env"))
    with mock_aws():
        yield Command(monkeypatch, capsys)


def stored() -> dict[str, str]:
    """Return the value of each secret by name."""
    ssm = boto3.client("ssm", "us-east-1")
    found = ssm.get_parameters_by_path(Path="/", Recursive=True, WithDecryption=True)
    return {each["Name"]: each["Value"] for each in found["Parameters"]}


OF_ONE = (
    ("wallet", "import"),
    ("wallet", "address"),
    ("wallet", "balance"),
    ("wallet", "send", "1", "--yes"),
    ("secret", "set", "api-key"),
    ("secret", "list"),
    ("backup",),
)


@pytest.mark.parametrize("command", OF_ONE, ids=" ".join)
def test_a_fleet_s_worker_is_named(allora: Command, command: tuple[str, ...]) -> None:
    trouble, message = allora.refused(*command, stdin=make_words())
    assert trouble == ErrorCode.WORKER_NAME
    assert all(name in message for name in (*NAMES, "host", "--worker"))
    assert not stored()


def test_an_unknown_name_is_answered_with_the_likely_one(allora: Command) -> None:
    trouble, message = allora.refused("wallet", "import", "--worker", "btc-dya", stdin=make_words())
    assert trouble == ErrorCode.WORKER_NAME
    assert "did you mean btc-day?" in message
    assert not stored()


def test_each_worker_has_its_own_secrets(allora: Command) -> None:
    words = make_words()
    allora.json("wallet", "import", "--worker", "eth", stdin=words)
    allora.json("secret", "set", "model/KEY", "--worker", "eth", stdin="value")
    allora.json("wallet", "create", "--worker", "host")
    assert allora.json("wallet", "address", "--worker", "eth")["address"] == address_of(words)
    found = stored()
    assert found["/allora/eth/mnemonic"] == words
    assert found.keys() == {
        "/allora/eth/mnemonic",
        "/allora/eth/model/KEY",
        "/allora/host/mnemonic",
    }
    listed = allora.json("secret", "list", "--worker", "eth")["secrets"]
    assert {each["parameter"]: each["version"] for each in listed} == {
        "/allora/eth/mnemonic": 1,
        "/allora/eth/model/KEY": 1,
    }


def test_a_secret_that_no_task_reads_is_told(allora: Command, tmp_path: Path) -> None:
    trouble, _ = allora.refused("secret", "set", "inference-token", "--worker", "eth", stdin="x")
    assert trouble == ErrorCode.NOT_IN_A_FLEET
    assert not stored()
    command = ("secret", "set", "api-key", "--replace", "--worker", "eth")
    assert "api_key = true in [workers.eth]" in allora.run(*command, stdin="key")[1]
    (tmp_path / "fleet.toml").write_text(f"{FILE}[fleet]\napi_key = true\n")
    assert "api_key" not in allora.run(*command, stdin="key")[1]
    assert stored() == {"/allora/eth/api-key": "key"}


def test_what_to_type_next_names_the_worker(allora: Command) -> None:
    _, _, err = allora.run("wallet", "address", "--worker", "eth")
    assert "allora wallet create --worker eth" in err
    _, out, _ = allora.run("wallet", "create", "--worker", "eth")
    assert "allora backup --worker eth" in out


def test_without_a_name_it_is_told_who_has_no_wallet(allora: Command) -> None:
    allora.json("wallet", "create", "--worker", "eth")
    trouble, message = allora.refused("wallet", "create")
    assert trouble == ErrorCode.WORKER_NAME
    assert "2 of 3 workers have no wallet: btc-day, sol." in message
    assert "allora wallet create --all" in message
    assert stored().keys() == {"/allora/eth/mnemonic"}


def test_wallets_for_all_replace_none(allora: Command) -> None:
    allora.json("wallet", "create", "--worker", "eth")
    before = stored()
    made = allora.json("wallet", "create", "--all")["wallets"]
    found = stored()
    assert [each["worker"] for each in made] == ["btc-day", "sol"]
    assert found.keys() == {f"/allora/{name}/mnemonic" for name in NAMES}
    assert found["/allora/eth/mnemonic"] == before["/allora/eth/mnemonic"]
    assert len(set(found.values())) == len(NAMES)
    for each in made:
        assert address_of(found[each["parameter"]]) == each["address"]
    assert allora.json("wallet", "create", "--all") == {"wallets": []}
    assert stored() == found
    trouble, message = allora.refused("wallet", "create")
    assert (trouble, "each of the 3 workers has a wallet" in message) == ("worker-name", True)


def test_the_balances_of_all_wallets(allora: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    address = {
        name: allora.json("wallet", "create", "--worker", name)["address"]
        for name in ("btc-day", "sol")
    }
    bank = "/cosmos/bank/v1beta1/balances/{}/by_denom?denom=uallo"
    answers: dict[str, object] = {
        "/cosmos/base/tendermint/v1beta1/node_info": {
            "default_node_info": {"network": "allora-testnet-1"}
        },
        bank.format(address["btc-day"]): {"balance": {"amount": str(25 * 10**17)}},
        bank.format(address["sol"]): {"balance": {"amount": "0"}},
    }
    with json_by_path(answers) as url:
        monkeypatch.setenv("ALLORA_API_URL", url)
        found = allora.json("wallet", "balance", "--all")["wallets"]
        _, out, _ = allora.run("wallet", "balance", "--all")
    assert {each["worker"]: each["balance_allo"] for each in found} == {
        "btc-day": "2.5", "eth": None, "sol": "0",
    }  # fmt: skip
    assert out.splitlines() == [
        "btc-day: 2.5 ALLO on testnet",
        f"  {address['btc-day']}",
        "eth: no wallet. Create one: allora wallet create --worker eth",
        "sol: 0 ALLO on testnet",
        f"  {address['sol']}",
    ]
    trouble, _ = allora.refused("wallet", "balance", "--all", "--worker", "sol")
    assert trouble == ErrorCode.USAGE


def test_where_all_have_a_wallet_it_is_said_that_none_was_made(allora: Command) -> None:
    allora.json("wallet", "create", "--all")
    _, out, _ = allora.run("wallet", "create", "--all")
    assert out.startswith("Nothing was created: each of the 3 workers has a wallet.")


def test_a_removed_workers_wallet_can_still_be_reached(allora: Command, tmp_path: Path) -> None:
    allora.json("wallet", "create", "--worker", "sol")
    file = tmp_path / "fleet.toml"
    file.write_text(FILE.replace("[workers.sol]", "[workers.sun]"))
    trouble, message = allora.refused("wallet", "address", "--worker", "sol")
    assert trouble == ErrorCode.WORKER_NAME
    assert "put the worker's table back, with paused = true" in message
    file.write_text(f"{file.read_text()}[workers.sol]\npaused = true\n")
    assert allora.json("wallet", "address", "--worker", "sol")["address"]


@pytest.mark.parametrize("other", [("--replace",), ("--worker", "eth"), ("--address", "allo1")])
def test_all_goes_with_nothing_that_replaces(allora: Command, other: tuple[str, ...]) -> None:
    trouble, _ = allora.refused("wallet", "create", "--all", *other)
    assert trouble == ErrorCode.USAGE
    assert not stored()


def test_no_words_are_shown(allora: Command) -> None:
    _, out, err = allora.run("wallet", "create", "--all")
    assert len(stored()) == len(NAMES)
    assert not any(words in out + err for words in stored().values())


def test_all_wallets_are_backed_up_with_one_passphrase(allora: Command, tmp_path: Path) -> None:
    assert allora.refused("backup", "--all", str(tmp_path))[0] == ErrorCode.NO_WALLET
    for name in ("eth", "sol"):
        allora.json("wallet", "create", "--worker", name)
    document = allora.json("backup", "--all", str(tmp_path), stdin=PASSPHRASE)
    assert document["without_wallet"] == ["btc-day"]
    assert [each["worker"] for each in document["backups"]] == ["eth", "sol"]
    before = stored()
    one = document["backups"][0]
    boto3.client("ssm", "us-east-1").delete_parameter(Name="/allora/eth/mnemonic")
    allora.json("restore", one["file"], "--worker", "eth", stdin=PASSPHRASE)
    assert stored() == before


# --- logs


GROUPS = {"worker": "/allora-fleet/worker", "model": "/allora-fleet/model"}


@pytest.fixture
def lines(allora: Command) -> Command:
    """Two workers that have written, one of them in two tasks."""
    logs = boto3.client("logs", "us-east-1")
    for group in GROUPS.values():
        logs.create_log_group(logGroupName=group)
    for part, stream, ago, text in (
        ("worker", "btc-day/worker/one", 9, {"event": "starting", "message": "first task"}),
        ("worker", "eth/worker/two", 8, {"event": "submitted", "message": "of eth"}),
        ("worker", "eth/secrets/two", 7, "placed"),
        ("worker", "btc-day/worker/three", 6, {"event": "starting", "message": "second task"}),
        ("worker", "btc-day/worker/three", 5, {"event": "status", "health": {}}),
        ("worker", "btc-day/worker/three", 5, {"event": "metric", "Submissions": 1}),
        ("model", "eth/model/two", 4, "the model's"),
    ):
        name = GROUPS[part]
        with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_stream(logGroupName=name, logStreamName=stream)
        milliseconds = int((time.time() - 60 * ago) * 1000)
        message = text if isinstance(text, str) else json.dumps(text)
        logs.put_log_events(
            logGroupName=name,
            logStreamName=stream,
            logEvents=[{"timestamp": milliseconds, "message": message}],
        )
    return allora


def test_all_workers_logs_name_the_worker(lines: Command) -> None:
    code, out, _ = lines.run("logs")
    told = [(line.split()[2], line.split()[-1]) for line in out.splitlines()]
    assert code == ExitCode.OK
    assert told == [("btc-day", "task"), ("eth", "eth"), ("eth", "placed"), ("btc-day", "task")]


def test_one_worker_s_log_has_all_its_tasks(lines: Command) -> None:
    _, out, _ = lines.run("logs", "--worker", "btc-day", "--json")
    told = [json.loads(line) for line in out.splitlines()]
    assert [(each["task_id"], each["fields"]["message"]) for each in told] == [
        ("one", "first task"),
        ("three", "second task"),
    ]
    assert {(each["worker_name"], each["container"], each["part"]) for each in told} == {
        ("btc-day", "worker", "worker")
    }
    _, out, _ = lines.run("logs", "model", "--worker", "eth", "--json")
    assert [json.loads(line)["text"] for line in out.splitlines()] == ["the model's"]
    _, out, _ = lines.run("logs", "--raw", "--worker", "btc-day")
    assert len(out.splitlines()) == 4


def test_a_worker_that_has_written_nothing_is_told_so(lines: Command) -> None:
    code, out, err = lines.run("logs", "--worker", "sol")
    assert (code, out) == (ExitCode.OK, "")
    assert "Nothing in the worker log of sol" in err


def test_a_model_that_nobody_trusts_has_no_log(allora: Command, tmp_path: Path) -> None:
    table = "[workers.image]\nMODEL_IMAGE = 'ghcr.io/you/m:1'\n"
    (tmp_path / "fleet.toml").write_text(f"{FILE}{table}")
    trouble, message = allora.refused("logs", "model", "--worker", "image")
    assert trouble == ErrorCode.NOT_IN_A_FLEET
    assert "model_logs = true" in message


def test_a_task_has_no_set_up_to_show(allora: Command) -> None:
    trouble, message = allora.refused("logs", "boot", "--worker", "eth")
    assert trouble == ErrorCode.NOT_IN_A_FLEET
    assert "allora status --worker eth" in message


# --- ECS


def deployments() -> dict[str, str]:
    """Return the id of each service's deployment, by worker."""
    ecs = boto3.client("ecs", "us-east-1")
    found = ecs.describe_services(cluster=CLUSTER, services=list(NAMES))["services"]
    return {each["serviceName"]: each["deployments"][0]["id"] for each in found}


@pytest.fixture
def deployed(allora: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """A cluster in which two workers run, and one is paused."""
    ecs = boto3.client("ecs", "us-east-1")
    ecs.create_cluster(clusterName=CLUSTER)
    ecs.register_task_definition(family="worker", containerDefinitions=[])
    for name in NAMES:
        desired = 0 if name == "sol" else 1
        monkeypatch.setenv("MOTO_ECS_SERVICE_RUNNING", str(desired))
        ecs.create_service(
            cluster=CLUSTER, serviceName=name, taskDefinition="worker", desiredCount=desired
        )
    return allora


def restarted(before: dict[str, str]) -> set[str]:
    return {name for name, id_ in deployments().items() if id_ != before[name]}


def result_of(out: str) -> Any:
    return json.loads(out.splitlines()[-1])


def test_one_worker_is_restarted_and_no_other(deployed: Command) -> None:
    before = deployments()
    code, out, err = deployed.run("restart", "--worker", "eth", "--yes", "--json")
    assert code == ExitCode.OK, err
    assert restarted(before) == {"eth"}
    assert result_of(out)["workers"] == {"eth": "running"}


def test_all_workers_are_restarted_but_those_that_are_paused(deployed: Command) -> None:
    before = deployments()
    code, _, err = deployed.run("restart", "--all", "--yes")
    assert code == ExitCode.OK, err
    assert restarted(before) == {"btc-day", "eth"}
    assert "allora-worker-fleet: btc-day, eth." in err


@pytest.mark.parametrize(
    ("arguments", "trouble"),
    [
        ((), ErrorCode.WORKER_NAME),
        (("--worker", "sol"), ErrorCode.NOT_DEPLOYED),
        (("--worker", "eth", "--reboot"), ErrorCode.NOT_IN_A_FLEET),
        (("--worker", "eth", "--all"), ErrorCode.USAGE),
        (("--worker", "etz"), ErrorCode.WORKER_NAME),
    ],
)
def test_what_cannot_be_restarted_is_told(
    deployed: Command, arguments: tuple[str, ...], trouble: ErrorCode
) -> None:
    before = deployments()
    assert deployed.refused("restart", *arguments, "--yes")[0] == trouble
    assert restarted(before) == set()


def test_the_status_of_a_fleet_is_told_by_its_exit_code(deployed: Command) -> None:
    code, out, _ = deployed.run("status", "--json")
    document = json.loads(out)
    findings = {each["worker_name"]: each["finding"] for each in document["workers"]}
    assert (code, document["healthy"]) == (ExitCode.UNHEALTHY, False)
    assert findings == {
        "btc-day": Condition.TASK_STARTING,
        "eth": Condition.TASK_STARTING,
        "sol": Condition.PAUSED,
    }
    assert document["host_worker"] is None
    code, out, _ = deployed.run("status", "--worker", "sol")
    assert code == ExitCode.OK
    assert "Size" in out


def test_the_single_host_beside_the_fleet_is_named(deployed: Command) -> None:
    put_state(SINGLE_NODE, instance_id="i-1", public_ip="192.0.2.1", dashboard_url="https://d")
    assert "allora status --worker host" in deployed.run("status")[1]
    assert json.loads(deployed.run("status", "--json")[1])["host_worker"] == "host"


def put_state(stack: str, **outputs: str) -> None:
    """Store a state that has outputs alone."""
    values = {name: {"value": value, "type": "string"} for name, value in outputs.items()}
    state = {"version": 4, "lineage": "one", "serial": 1, "outputs": values, "resources": []}
    s3 = boto3.client("s3", "us-east-1")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key=state_key(stack), Body=json.dumps(state).encode())


def test_a_fleet_that_is_not_deployed_is_told_so(allora: Command) -> None:
    trouble, message = allora.refused("status")
    assert (trouble, "allora deploy" in message) == (ErrorCode.NOT_DEPLOYED, True)
    assert allora.refused("restart", "--all", "--yes")[0] == ErrorCode.NOT_DEPLOYED


def test_the_fleet_s_dashboard_is_that_of_its_state(allora: Command) -> None:
    boto3.client("s3", "us-east-1").create_bucket(Bucket=BUCKET)
    assert allora.refused("dashboard")[0] == ErrorCode.NOT_DEPLOYED
    url = {"dashboard_url": "https://example.com/fleet"}
    put_state(FLEET, **url)
    assert allora.json("dashboard") == url
    assert allora.json("dashboard", "--worker", "eth") == url


@pytest.mark.parametrize(
    ("arguments", "trouble"),
    [
        (("--model-image", "example.org/model:2"), ErrorCode.WORKER_NAME),
        (("--worker", "eth", "--ami", "latest"), ErrorCode.NOT_IN_A_FLEET),
        (("--worker", "eth", "--sdk-version", "x"), ErrorCode.SETTINGS),
        (("--worker", "eth", "--model-ref", "v1"), ErrorCode.SETTINGS),
    ],
)
def test_an_update_that_cannot_be_is_refused(
    allora: Command, tmp_path: Path, arguments: tuple[str, ...], trouble: ErrorCode
) -> None:
    boto3.client("s3", "us-east-1").create_bucket(Bucket=BUCKET)
    assert allora.refused("update", *arguments, "--yes")[0] == trouble
    assert (tmp_path / "fleet.toml").read_text() == FILE


# --- what a fleet has not


def test_there_is_no_host_to_connect_to(allora: Command) -> None:
    boto3.client("s3", "us-east-1").create_bucket(Bucket=BUCKET)
    trouble, message = allora.refused("connect")
    assert trouble == ErrorCode.NOT_IN_A_FLEET
    assert "allora logs" in message


def test_names_are_completed(allora: Command) -> None:
    assert allora
    assert names_to_complete() == list(NAMES)


@pytest.mark.parametrize("text", ["[workers", "workers = 3", ""])
def test_nothing_is_completed_from_a_broken_file(
    allora: Command, tmp_path: Path, text: str
) -> None:
    assert allora
    (tmp_path / "fleet.toml").write_text(text)
    assert names_to_complete() == []


def test_without_a_fleet_all_is_as_it_was(allora: Command, tmp_path: Path) -> None:
    (tmp_path / "fleet.toml").unlink()
    address = allora.json("wallet", "create")["address"]
    assert allora.json("wallet", "address")["address"] == address
    assert stored().keys() == {"/allora/host/mnemonic"}
    trouble, message = allora.refused("wallet", "create", "--all")
    assert (trouble, "fleet.toml" in message) == (ErrorCode.FLEET_FILE, True)
