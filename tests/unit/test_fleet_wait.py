"""The wait for a fleet: until each worker runs, or with what keeps one from it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from allora_cli.context import Context, open_context, require_fleet
from allora_cli.deploy.fleet import waiting
from allora_cli.deploy.fleet.events import FleetProgress, FleetResult, TaskStopped, WorkerState
from allora_cli.deploy.fleet.waiting import states_of, wait_for_fleet
from allora_cli.deploy.renderers import JsonLines
from allora_cli.deploy.sentences import sentences
from allora_cli.deploy.waiting import WaitPolicy
from allora_cli.errors import ErrorCode, ExitCode, OperatorError
from allora_cli.events import Event
from allora_cli.fleet.tasks import Ecs
from settings.fleet import Fleet

SETTINGS = "AWS_ACCOUNT_ID=123456789012\nAWS_REGION=us-east-1\n"
FLEET = "[workers.a]\nMODEL_SECRETS = 'KEY'\napi_key = true\n[workers.b]\npaused = true\n"
PATIENT = WaitPolicy(timedelta(hours=1), poll=0)
HASTY = WaitPolicy(timedelta(0), poll=0)
NOW = WaitPolicy(timedelta(hours=1), poll=0, grace=timedelta(0))


def service(name: str, desired: int, running: int, rollout: str = "COMPLETED") -> dict[str, Any]:
    return {
        "serviceName": name,
        "desiredCount": desired,
        "runningCount": running,
        "status": "ACTIVE",
        "deployments": [{"id": "new", "status": "PRIMARY", "rolloutState": rollout}],
    }


def stopped(code: str = "TaskFailedToStart", deployment: str = "new") -> dict[str, Any]:
    return {
        "taskArn": "t",
        "startedBy": deployment,
        "group": "service:a",
        "lastStatus": "STOPPED",
        "createdAt": datetime(2026, 11, 29, tzinfo=UTC),
        "stopCode": code,
        "stoppedReason": "ResourceInitializationError: unable to pull secrets",
        "containers": [{"name": "model"}, {"name": "worker"}],
    }


class PlayedEcs:
    """What ECS answers, look by look; the last one again and again."""

    def __init__(
        self, *looks: list[dict[str, Any]], stops: tuple[dict[str, Any], ...] = ()
    ) -> None:
        self._looks = list(looks)
        self._stops = stops

    def describe_services(self, *, cluster: str, services: list[str]) -> dict[str, Any]:
        assert cluster == "allora-worker-fleet"
        look = self._looks.pop(0) if len(self._looks) > 1 else self._looks[0]
        return {"services": [each for each in look if each["serviceName"] in services]}

    def get_paginator(self, _: str) -> PlayedEcs:
        return self

    def paginate(self, **query: str) -> list[dict[str, Any]]:
        stops = self._stops if query["desiredStatus"] == "STOPPED" else ()
        return [{"taskArns": [each["taskArn"] for each in stops]}]

    def describe_tasks(self, **_: object) -> dict[str, Any]:
        return {"tasks": list(self._stops)}


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    (tmp_path / ".env").write_text(SETTINGS)
    (tmp_path / "fleet.toml").write_text(FLEET)
    monkeypatch.setenv("ALLORA_ENV_FILE", str(tmp_path / ".env"))
    with mock_aws():
        yield open_context()


@pytest.fixture
def play(context: Context, monkeypatch: pytest.MonkeyPatch) -> Any:
    def play(
        policy: WaitPolicy, *looks: list[dict[str, Any]], stops: tuple[dict[str, Any], ...] = ()
    ) -> tuple[list[Event], dict[str, WorkerState] | OperatorError]:
        """The events, and how the wait ends."""
        played(monkeypatch, PlayedEcs(*looks, stops=stops))
        told: list[Event] = []
        wait = wait_for_fleet(context, fleet_of(context), policy)
        try:
            while True:
                told.append(next(wait))
        except StopIteration as end:
            return told, end.value
        except OperatorError as error:
            return told, error

    return play


def played(monkeypatch: pytest.MonkeyPatch, client: PlayedEcs) -> None:
    """Have the wait ask another client."""
    ecs = Ecs(require_fleet())
    ecs._ecs = client
    monkeypatch.setattr(waiting, "_ecs", lambda *_: ecs)


def fleet_of(context: Context) -> Fleet:
    assert context.fleet
    return context.fleet


def of(kind: type[Event], events: list[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


READY = [service("a", 1, 1), service("b", 0, 0)]
STARTING = [service("a", 1, 0, "IN_PROGRESS"), service("b", 0, 0)]


def test_it_ends_when_each_worker_is_as_it_is_to_be(play: Any) -> None:
    told, states = play(PATIENT, STARTING, STARTING, READY)
    assert states == {"a": WorkerState.RUNNING, "b": WorkerState.PAUSED}
    assert of(FleetProgress, told) == [FleetProgress(1, ("a",)), FleetProgress(2, ())]


def test_a_task_of_before_is_not_the_new_one(play: Any) -> None:
    """ECS counts what still runs; the rollout tells that it is the old one."""
    told, _ = play(PATIENT, [service("a", 1, 1, "IN_PROGRESS"), service("b", 0, 0)], READY)
    assert of(FleetProgress, told)[0].waiting == ("a",)


def test_a_missing_secret_is_named_with_the_command_that_stores_it(
    context: Context, play: Any
) -> None:
    context.session.client("ssm").put_parameter(
        Name="/allora/a/mnemonic", Value="words", Type="SecureString"
    )
    told, error = play(NOW, STARTING, stops=(stopped(),))
    (stop,) = of(TaskStopped, told)
    assert stop.stop_code == "TaskFailedToStart"
    assert stop.reason == "ResourceInitializationError: unable to pull secrets"
    assert stop.remedies == (
        "allora secret set api-key --worker a",
        "allora secret set model/KEY --worker a",
    )
    assert isinstance(error, OperatorError)
    assert (error.code, error.exit_code) == (ErrorCode.TASK_FAILED, ExitCode.UNHEALTHY)
    assert "1 worker cannot run: a: ResourceInitializationError" in str(error)
    assert "allora secret set api-key --worker a" in str(error)


@pytest.mark.parametrize("stop", [stopped("ServiceSchedulerInitiated"), stopped(deployment="old")])
def test_what_was_ended_on_purpose_is_no_failure(play: Any, stop: dict[str, Any]) -> None:
    told, states = play(NOW, STARTING, READY, stops=(stop,))
    assert not of(TaskStopped, told)
    assert states["a"] is WorkerState.RUNNING


def test_who_cures_it_meanwhile_is_waited_for(play: Any) -> None:
    told, states = play(PATIENT, STARTING, READY, stops=(stopped(),))
    assert len(of(TaskStopped, told)) == 1
    assert states["a"] is WorkerState.RUNNING


def test_it_ends_in_time(play: Any) -> None:
    _, error = play(HASTY, STARTING)
    assert isinstance(error, OperatorError)
    assert (error.code, error.exit_code) == (ErrorCode.NOT_IN_TIME, ExitCode.TIMEOUT)
    assert "1 worker of the fleet" in str(error)


def test_without_a_wait_the_states_are_those_of_now(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    played(monkeypatch, PlayedEcs(STARTING))
    assert states_of(context, fleet_of(context))["a"] is WorkerState.STARTING


def test_every_event_has_a_sentence_and_a_line_of_json(
    play: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    told, _ = play(PATIENT, STARTING, READY, stops=(stopped(),))
    result = FleetResult("f", {"a": WorkerState.RUNNING, "b": WorkerState.PAUSED}, None)
    for event in (*told, result):
        assert [sentence.text for sentence in sentences(event)]
        JsonLines().show(event)
    assert '"a": "running"' in capsys.readouterr().out
