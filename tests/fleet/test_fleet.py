"""Three workers on Fargate: what happens to one of them costs the others no window."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from devtools.fargate.containers import PAUSE
from shared.stacks import COMMON, FLEET, state_key
from tests.fleet.deployed import KEY, Worker
from tests.fleet.running import Running
from tests.host.waiting import wait_for
from tests.local.deployment import BUCKET

TRAINED = "12345.5"


@pytest.fixture(scope="module")
def trio(running: Running) -> tuple[Worker, Worker, Worker]:
    btc, eth, own = running.deployed.workers
    return btc, eth, own


def test_a_fleet_submits_whatever_happens_to_one_of_it(
    running: Running, trio: tuple[Worker, Worker, Worker]
) -> None:
    btc, eth, own = trio
    comes_up_while_a_model_trains(running, btc, eth, own)
    submits_the_models_values(running, btc, eth, own)
    shows_no_secret(running, btc, eth, own)
    stays_while_the_chain_is_away_and_replaces_what_hangs(running, btc, eth, own)
    loses_no_window_to_a_second_process(running, btc, eth)
    is_paused_updated_and_removed_alone(running, btc, eth, own)


def comes_up_while_a_model_trains(running: Running, btc: Worker, eth: Worker, own: Worker) -> None:
    for worker in (btc, eth, own):
        running.wait_for_task(worker.name)
        wait_for(f"{worker.name} registers", partial(running.is_registered, worker))
    running.serves_a_window(btc, eth)


def submits_the_models_values(running: Running, btc: Worker, eth: Worker, own: Worker) -> None:
    model = running.container(running.wait_for_task(own.name), "model")
    assert model.exec_run(["touch", "/tmp/trained"]).exit_code == 0
    values = [
        submission["values"][0]["value"] for submission in running.serves_a_window(btc, eth, own)
    ]
    exchanges = running.world.exchanges
    for value in values[:2]:
        assert exchanges.day_ago <= float(value) <= exchanges.price
    assert values[2] == TRAINED


# --- secrets


def shows_no_secret(running: Running, *workers: Worker) -> None:
    canaries = [*(worker.wallet.words for worker in workers), KEY]
    shown = dict(what_is_shown(running, *workers))
    assert {name for name, text in shown.items() if any(each in text for each in canaries)} == set()
    for worker in workers:
        container = running.container(running.wait_for_task(worker.name), "worker")
        assert read(container, "stat -c '%u %a' /run/secrets/mnemonic") == "10001 400"
    own = workers[-1]
    model = running.container(running.wait_for_task(own.name), "model")
    assert read(model, "cat /run/secrets/CG_API_KEY") == KEY  # so that a canary can be found
    assert read(model, "ls -A /run/secrets") == "CG_API_KEY"


def what_is_shown(running: Running, *workers: Worker) -> Iterator[tuple[str, str]]:
    """What somebody sees without reading the files of the secrets, by its name."""
    ecs, cluster = running.deployed.client("ecs"), running.deployed.names.fleet
    for container in running.containers():
        container.reload()
        yield f"inspect {container.name}", json.dumps(container.attrs)
        if not container.name.endswith(PAUSE):
            command = "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null || true"
            yield f"/proc of {container.name}", read(container, command)
    for worker in workers:
        arn = running.wait_for_task(worker.name)
        task = ecs.describe_tasks(cluster=cluster, tasks=[arn])["tasks"][0]
        yield f"task of {worker.name}", repr(task)
        definition = ecs.describe_task_definition(taskDefinition=task["taskDefinitionArn"])
        yield f"definition of {worker.name}", repr(definition)
        for part in ("worker", "model"):
            yield f"log {part} of {worker.name}", "\n".join(running.log(part, worker))
    s3 = running.deployed.client("s3")
    for stack in (COMMON, FLEET):
        state = s3.get_object(Bucket=BUCKET, Key=state_key(stack))["Body"].read()
        yield f"state of {stack}", state.decode()


def read(container: Any, command: str) -> str:
    """What a shell command prints in a container."""
    return str(container.exec_run(["sh", "-c", command]).output.decode(errors="replace").strip())


# --- what goes wrong


def stays_while_the_chain_is_away_and_replaces_what_hangs(
    running: Running, btc: Worker, eth: Worker, own: Worker
) -> None:
    tasks = {each.name: running.wait_for_task(each.name) for each in (btc, eth, own)}
    running.world.chain.behave(refuse=True)
    try:
        running.signal(running.container(tasks[own.name], "worker"), "STOP")
        wait_for(
            "the task of a process that stands still is replaced",
            lambda: len(running.changes(own.name, "RUNNING")) > 1,
            150,
        )
    finally:
        running.world.chain.behave(refuse=False)
    (stopped,) = running.changes(own.name, "STOPPED")
    assert "health checks: worker" in stopped.reason
    for worker in (btc, eth):
        assert running.wait_for_task(worker.name) == tasks[worker.name]
        assert running.changes(worker.name, "STOPPING") == []
    running.serves_a_window(btc, eth)


def loses_no_window_to_a_second_process(running: Running, btc: Worker, eth: Worker) -> None:
    with running.second_task_of(btc):
        for _ in range(3):
            running.serves_a_window(btc, eth)
    wait_for("the operator can see it", lambda: running.events(btc, "wallet_shared"), 60)


# --- what the operator does


def is_paused_updated_and_removed_alone(
    running: Running, btc: Worker, eth: Worker, own: Worker
) -> None:
    before = running.wait_for_task(btc.name)
    running.deployed.change(eth.name, paused=True)
    wait_for(f"{eth.name} stops", lambda: running.changes(eth.name, "STOPPED"))
    running.deployed.change(own.name, MODEL_GUARD="off")
    wait_for(f"{own.name} stops", lambda: len(running.changes(own.name, "STOPPED")) > 1)
    running.serves_a_window(btc)
    running.wait_for_task(own.name, number=3)
    running.deployed.remove(own.name)
    wait_for(f"{own.name} ends", lambda: len(running.changes(own.name, "STOPPED")) > 2)
    running.serves_a_window(btc)
    assert running.wait_for_task(btc.name) == before
    assert running.changes(btc.name, "STOPPING") == []
    for stopped in running.changes(eth.name, "STOPPED"):
        assert stopped.exit_codes["worker"] == 0
