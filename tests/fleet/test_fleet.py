"""Three workers on Fargate: what happens to one of them costs the others no window."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from docker.models.containers import Container

from devtools.fargate.containers import PAUSE
from shared.stacks import COMMON, FLEET, state_key
from tests.fleet.deployed import KEY, Worker
from tests.fleet.docker_host import build_own_image
from tests.fleet.running import Running
from tests.host.waiting import wait_for
from tests.local.deployment import BUCKET

TRAINED = "12345.5"
KILLED = 128 + 9


@pytest.fixture(scope="module")
def trio(running: Running) -> tuple[Worker, Worker, Worker]:
    btc, eth, own = running.deployed.workers
    return btc, eth, own


def test_a_fleet_submits_whatever_happens_to_one_of_it(
    running: Running, trio: tuple[Worker, Worker, Worker]
) -> None:
    btc, eth, own = trio
    comes_up_without_an_image(running, btc, eth, own)
    comes_up_while_a_model_trains(running, btc, eth, own)
    submits_the_models_values(running, btc, eth, own)
    shows_no_secret(running, btc, eth, own)
    with one_that_hangs(running, own) as hanging:
        stays_while_the_chain_is_away(running, btc, eth, hanging)
        loses_no_window_to_a_second_process(running, btc, eth)
    is_paused_updated_and_removed_alone(running, btc, eth, own)


def comes_up_without_an_image(running: Running, btc: Worker, eth: Worker, own: Worker) -> None:
    for worker in (btc, eth):
        running.wait_for_task(worker.name)
        wait_for(f"{worker.name} registers", partial(running.is_registered, worker))
    stopped = wait_for("an image is missing", lambda: running.changes(own.name, "STOPPED"))[0]
    assert "CannotPullContainerError" in stopped.reason
    running.serves_a_window(btc, eth)


def comes_up_while_a_model_trains(running: Running, btc: Worker, eth: Worker, own: Worker) -> None:
    build_own_image(running.docker)
    running.wait_for_task(own.name)
    wait_for(f"{own.name} registers", partial(running.is_registered, own))
    running.serves_a_window(btc, eth)


def submits_the_models_values(running: Running, btc: Worker, eth: Worker, own: Worker) -> None:
    train(running.container(running.wait_for_task(own.name), "model"))
    values = [
        submission["values"][0]["value"] for submission in running.serves_a_window(btc, eth, own)
    ]
    exchanges = running.world.exchanges
    for value in values[:2]:
        assert exchanges.day_ago <= float(value) <= exchanges.price
    assert values[2] == TRAINED


def train(model: Container) -> None:
    assert model.exec_run(["touch", "/tmp/trained"]).exit_code == 0


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
    """What somebody sees without reading the files of the secrets, by its name.

    The container that has placed them has ended, and nobody can inspect it on Fargate.
    """
    ecs, cluster = running.deployed.client("ecs"), running.deployed.names.fleet
    for container in running.containers():
        container.reload()
        yield f"inspect {container.name}", json.dumps(container.attrs)
        if not container.name.endswith(PAUSE):
            # A process may end meanwhile, or not be readable: not each file is.
            command = "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null || true"
            shown = read(container, command)
            assert "PATH=" in shown, "nothing is found where nothing can be read"
            yield f"/proc of {container.name}", shown
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


def read(container: Container, command: str) -> str:
    """What a shell command prints in a container."""
    return str(container.exec_run(["sh", "-c", command]).output.decode(errors="replace").strip())


# --- what goes wrong


@contextmanager
def one_that_hangs(running: Running, worker: Worker) -> Iterator[str]:
    """The ARN of a task whose worker stands still; it is replaced in the end."""
    task = running.wait_for_task(worker.name)
    running.signal(running.container(task, "worker"), "STOP")
    yield task
    assert "health checks: worker" in running.wait_for_end(task).reason
    running.wait_for_task(worker.name, number=2)


def stays_while_the_chain_is_away(running: Running, btc: Worker, eth: Worker, hanging: str) -> None:
    """No health check fails for it, while those of a process that hangs do, one after the other."""
    tasks = [running.wait_for_task(worker.name) for worker in (btc, eth)]
    running.world.chain.behave(refuse=True)
    try:
        running.wait_for_end(hanging, "STOPPING")
    finally:
        running.world.chain.behave(refuse=False)
    assert tasks == [running.wait_for_task(worker.name) for worker in (btc, eth)]
    assert [running.changes(worker.name, "STOPPING") for worker in (btc, eth)] == [[], []]
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
    tasks = [running.wait_for_task(worker.name) for worker in (btc, eth, own)]
    running.deployed.change(eth.name, paused=True)
    assert running.wait_for_end(tasks[1]).exit_codes["worker"] == 0
    running.deployed.change(own.name, MODEL_GUARD="off")
    assert running.wait_for_end(tasks[2]).exit_codes["worker"] == 0
    running.serves_a_window(btc)
    updated = running.wait_for_task(own.name, number=3)
    running.signal(running.container(updated, "worker"), "KILL")
    assert running.wait_for_end(updated).exit_codes["worker"] == KILLED
    replaced = running.wait_for_task(own.name, number=4)
    train(running.container(replaced, "model"))
    running.serves_a_window(btc, own)
    running.deployed.remove(own.name)
    assert running.wait_for_end(replaced).exit_codes["worker"] == 0
    running.serves_a_window(btc)
    assert running.changes(btc.name, "RUNNING")[-1].task_arn == tasks[0]
    assert running.changes(btc.name, "STOPPING") == []
