"""compose.yaml: what the containers may do, and what they never may."""

from pathlib import Path
from typing import Any

import pytest
import yaml

COMPOSE = Path(__file__).parents[2] / "scripts/host/compose.yaml"
SERVICES = ["worker", "model"]


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
    return services


def test_only_the_worker_is_published(services: dict[str, Any]) -> None:
    assert services["worker"]["ports"] == ["${WORKER_PORT}:9010"]
    assert "ports" not in services["model"]


def test_the_model_answers_to_the_host_names_of_older_configurations(
    services: dict[str, Any],
) -> None:
    assert services["model"]["networks"]["allora"]["aliases"] == ["source", "inference"]
    assert "allora" in services["worker"]["networks"]


def test_the_worker_is_no_root_and_writes_to_tmp_and_its_own_alone(
    services: dict[str, Any],
) -> None:
    worker = services["worker"]
    assert worker["user"].startswith("${WORKER_UID:-10001}")
    assert worker["read_only"] is True
    assert "cap_add" not in worker
    assert [mount.split(":")[0] for mount in worker["tmpfs"]] == ["/tmp"]
    (directory,) = (mount for mount in worker["volumes"] if not mount.get("read_only"))
    assert directory == {
        "type": "bind",
        "source": "${WORKER_STATE_DIR:-/var/lib/allora/worker}",
        "target": "/var/lib/allora",
        "bind": {"create_host_path": False},  # it would be root's
    }


@pytest.mark.parametrize("name", SERVICES)
def test_no_container_has_more_rights_than_it_needs(services: dict[str, Any], name: str) -> None:
    service = services[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"privileged", "network_mode", "pid", "devices"}.isdisjoint(service)
    assert {"SYS_ADMIN", "NET_ADMIN", "NET_RAW"}.isdisjoint(service.get("cap_add", []))
    assert service["ulimits"] == {"core": 1}  # a core dump would have the secrets
    assert service["pids_limit"] > 0
    assert service["mem_limit"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_sees_its_own_secrets_read_only(services: dict[str, Any], name: str) -> None:
    mount = services[name]["volumes"][0]
    assert mount["source"] == f"${{SECRETS_DIR:-/run/allora/secrets}}/{name}"
    assert mount["target"] == "/run/secrets"
    assert mount["read_only"] is True
    assert mount["bind"] == {"create_host_path": False}
    assert "env_file" not in services[name]


def test_a_container_sees_nothing_else_of_the_host(services: dict[str, Any]) -> None:
    targets = {
        name: [mount["target"] for mount in service["volumes"]]
        for name, service in services.items()
    }
    assert targets == {"worker": ["/run/secrets", "/var/lib/allora"], "model": ["/run/secrets"]}


def test_the_worker_s_log_goes_to_a_group_that_exists_and_never_holds_it_up(
    services: dict[str, Any],
) -> None:
    logging = services["worker"]["logging"]
    assert logging["driver"] == "awslogs"
    assert logging["options"]["awslogs-group"] == "${LOG_GROUP_PREFIX}/worker"
    assert logging["options"]["awslogs-create-group"] == "false"
    assert logging["options"]["mode"] == "non-blocking"
    assert logging["options"]["awslogs-stream"] == "${INSTANCE_ID}"
    assert logging["options"]["awslogs-format"] == "json/emf"  # its metrics


def test_the_model_s_log_goes_where_it_becomes_harmless(services: dict[str, Any]) -> None:
    logging = services["model"]["logging"]
    assert logging["driver"] == "syslog"
    program = (COMPOSE.parent / "bin/model_log.py").read_text()
    host, port = logging["options"]["syslog-address"].removeprefix("udp://").split(":")
    assert f'bind(("{host}", PORT))' in program
    assert f"PORT = {port}" in program


def test_the_rules_are_about_what_compose_makes(services: dict[str, Any]) -> None:
    rules = (COMPOSE.parent / "bin/isolate.sh").read_text()
    network = yaml.safe_load(COMPOSE.read_text())["networks"]["allora"]
    assert network["driver_opts"]["com.docker.network.bridge.name"] == "allora0"
    assert "iifname { allora0, docker0 } ip daddr 169.254.169.254 drop" in rules
    address, port = services["worker"]["mac_address"], services["worker"]["ports"][0].split(":")[1]
    assert f"ether daddr {address} tcp dport {port} drop" in rules
    assert "mac_address" not in services["model"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_comes_back_and_has_time_to_end(services: dict[str, Any], name: str) -> None:
    assert services[name]["restart"] == "unless-stopped"
    assert services[name]["stop_grace_period"] == "30s"
    assert services[name]["init"] is True
