"""What a proposal does to the workers of a fleet, in a line for those to which the same happens."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from allora_cli.changes.kinds import Kind
from allora_cli.changes.proposal import Proposal
from allora_cli.changes.sentences import sentences
from allora_cli.changes.summary import MonthlyCost, Summary, entries_of
from allora_cli.changes.workers import Reason, WorkerAction, WorkerChange, worker_changes
from allora_cli.terraform.plans import Action, AttributeChange, Change
from fleet.containers import Place, container_definitions
from fleet.images import Registry, images_of
from settings.fleet import FleetWorker
from settings.fleet_file import load_fleet

ENV = "AWS_ACCOUNT_ID=123456789012\nAWS_REGION=us-east-1\n"


@pytest.fixture
def worker(tmp_path: Path) -> Any:
    """A worker with these lines in its table."""

    def make(lines: str = "") -> FleetWorker:
        (tmp_path / ".env").write_text(ENV)
        (tmp_path / "fleet.toml").write_text(f"[workers.a]\n{lines}\n")
        fleet = load_fleet(tmp_path / ".env", {})
        assert fleet
        return fleet.workers[0]

    return make


def service(name: str, action: Action, before: int | None, after: int | None) -> Change:
    def side(count: int | None) -> dict[str, Any]:
        return {"name": name, "desired_count": count} if count is not None else {}

    address = f"aws_ecs_service.workers_{name}"
    return Change(address, "aws_ecs_service", action, before=side(before), after=side(after))


def task(before: FleetWorker, after: FleetWorker) -> Change:
    """A task definition that is replaced."""
    place = Place("f", "us-east-1", "arn:p", {"worker": "w", "model": "m"})

    def side(worker: FleetWorker) -> dict[str, Any]:
        images = images_of(worker, Registry.of(worker.settings))
        containers = container_definitions(worker, images, place)
        tags = {"Worker": worker.name}
        return {"tags": tags, "container_definitions": json.dumps(containers)}

    attributes = (AttributeChange("container_definitions", replaces=True),)
    type_ = "aws_ecs_task_definition"
    return Change(
        f"{type_}.a", type_, Action.REPLACE, attributes, before=side(before), after=side(after)
    )


def because(before: FleetWorker, after: FleetWorker) -> tuple[str, ...]:
    (change,) = worker_changes([task(before, after)])
    assert change.action is WorkerAction.TASK_REPLACED
    return change.because


def test_a_paused_worker_has_no_task_that_is_replaced(worker: Any) -> None:
    other = worker("ALLORA_WORKER_TOPIC_ID = 13\nALLORA_WORKER_TOKEN = 'BTC'")
    changes = [task(worker(), other), service("a", Action.UPDATE, 0, 0)]
    (change,) = worker_changes(changes)
    assert change.action is WorkerAction.CHANGED
    assert "ALLORA_WORKER_TOPIC_ID" in change.because


def test_new_removed_paused_and_resumed_workers() -> None:
    changes = [
        service("new", Action.CREATE, None, 1),
        service("other", Action.CREATE, None, 1),
        service("asleep", Action.CREATE, None, 0),
        service("gone", Action.DELETE, 1, None),
        service("paused", Action.UPDATE, 1, 0),
        service("back", Action.UPDATE, 0, 1),
    ]
    assert worker_changes(changes) == (
        WorkerChange(WorkerAction.NEW, ("new", "other")),
        WorkerChange(WorkerAction.NEW_PAUSED, ("asleep",)),
        WorkerChange(WorkerAction.RESUMED, ("back",)),
        WorkerChange(WorkerAction.PAUSED, ("paused",)),
        WorkerChange(WorkerAction.REMOVED, ("gone",)),
    )


@pytest.mark.parametrize(
    ("lines", "reasons"),
    [
        ("MODEL_IMAGE = 'ghcr.io/you/m:1'", {Reason.MODEL_IMAGE}),
        ("ALLORA_WORKER_IMAGE = 'ghcr.io/you/w:1'", {Reason.WORKER_IMAGE}),
        ("ALLORA_MAX_FEE = '0.5'", {"ALLORA_MAX_FEE"}),
        ("ALLORA_WORKER_TOPIC_ID = 77", {"ALLORA_WORKER_TOPIC_ID"}),
        ("MODEL_ENV_VARS = 'X=1'", {"MODEL_ENV_VARS"}),
        ("MODEL_COMMAND = 'serve'\nMODEL_IMAGE = 'm:1'", {"MODEL_COMMAND"}),
        ("MODEL_SECRETS = 'KEY'", {Reason.SECRETS}),
    ],
)
def test_the_setting_is_why_a_task_is_replaced(worker: Any, lines: str, reasons: set[str]) -> None:
    assert reasons <= set(because(worker(), worker(lines)))


def test_the_models_log_is_a_reason_of_its_own(worker: Any) -> None:
    model = "MODEL_IMAGE = 'm:1'\n"
    assert because(worker(model), worker(model + "model_logs = true\n")) == (Reason.MODEL_LOGS,)


def test_what_follows_from_another_model_is_no_reason_of_its_own(worker: Any) -> None:
    assert because(worker(), worker("MODEL_IMAGE = 'm:1'")) == (Reason.MODEL_IMAGE,)
    other = worker("MODEL_IMAGE = 'm:1'\nALLORA_MAX_FEE = '0.5'")
    assert set(because(other, worker())) == {Reason.MODEL_IMAGE, "ALLORA_MAX_FEE"}


def test_another_definition_is_another_version_of_the_project(worker: Any) -> None:
    change = task(worker(), worker())
    assert worker_changes([change])[0].because == (Reason.DEFINITION,)


def test_a_service_that_is_replaced_has_another_task() -> None:
    strategy = (AttributeChange("capacity_provider_strategy", replaces=True),)
    plain, other = (
        replace(service("a", Action.REPLACE, 1, 1), attributes=each) for each in ((), strategy)
    )
    assert worker_changes([plain])[0].action is WorkerAction.TASK_REPLACED
    assert worker_changes([other]) == (
        WorkerChange(WorkerAction.TASK_REPLACED, ("a",), (Reason.CAPACITY,)),
    )


def test_a_change_of_services_alone_leaves_the_task() -> None:
    change = service("a", Action.UPDATE, 1, 1)
    assert worker_changes([change]) == (WorkerChange(WorkerAction.CHANGED, ("a",)),)


def test_many_workers_are_one_line_and_resources_of_theirs_none() -> None:
    changes = tuple(service(f"w{number}", Action.CREATE, None, 1) for number in range(100))
    proposal = Proposal({"s": changes})
    assert entries_of(proposal) == ()
    cost = MonthlyCost(0, 0, "prices")
    summary = Summary(
        "w", (), (), (), stops_host=False, cost=cost,
        workers=worker_changes(changes), fleet="f",
    )  # fmt: skip
    shown = [sentence.text for sentence in sentences(summary)]
    assert shown[:2] == [
        "What changes for the fleet f:",
        "  + w0, w1, w2, w3, w4 and 95 more: new",
    ]
    assert len(shown) == 3


def test_what_all_tasks_need_is_one_line() -> None:
    changes = tuple(
        Change(f"{type_}.fleet-execution-role_{number}", type_, Action.CREATE)
        for number, type_ in enumerate(
            ("aws_iam_role", "aws_iam_policy", "aws_ecr_repository", "aws_codebuild_project")
        )
    )
    (entry,) = entries_of(Proposal({"s": changes}))
    assert entry.kind is Kind.FLEET
    assert len(entry.addresses) == 4
