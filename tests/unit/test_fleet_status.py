"""What `allora status` makes of a fleet: of answers of ECS, and of lines of workers' logs."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from allora_cli.aws.queries import Unknown
from allora_cli.context import Context, FleetContext, fleet_of
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.fleet.collect import FleetStatus, WorkerStatus
from allora_cli.fleet.diagnosis import is_healthy, judge, judge_all
from allora_cli.fleet.document import SCHEMA, document_of, schema_text
from allora_cli.fleet.output import FleetView, WorkerView
from allora_cli.fleet.reports import Report, newest_reports
from allora_cli.fleet.screen import screen_of_one
from allora_cli.fleet.tasks import Runtime, Service, Task, task_of
from allora_cli.host.status_report import Worker
from allora_cli.status.alarms import Alarm, list_alarms
from allora_cli.status.conditions import Condition
from allora_cli.terminal.console import SafeConsole
from settings import load_settings
from settings.fleet_file import load_fleet
from settings.names import Names
from shared.alarm_remedies import FLEET_REMEDIES, FleetAlarmId
from shared.networks import TESTNET
from tests.screens import WIDTHS, check_screen, printed

NOW = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)
HEALTH: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "samples/host_status.json").read_text("utf-8")
)["worker"]
FLEET = """
[workers.earns]
[workers.away]
[workers.own]
ALLORA_WORKER_IMAGE = "example.org/worker:1"
[workers.resting]
paused = true
"""
SERVICE = Service("earns", desired=1, is_settled=True, deployment_id="ecs-svc/1", news="")
TASK = Task(
    "one", "earns", "RUNNING", NOW - timedelta(hours=1), started_at=NOW - timedelta(minutes=59)
)
FAILED = Task(
    "zero",
    "earns",
    "STOPPED",
    NOW - timedelta(hours=1),
    stopped_at=NOW - timedelta(minutes=5),
    stop_code="EssentialContainerExited",
    reason="the container worker exited with code 78",
    exit_code=78,
)
REPORT = Report(NOW - timedelta(seconds=30), "one", Worker.model_validate(HEALTH))


@pytest.fixture
def fleet(tmp_path: Path) -> FleetContext:
    env = tmp_path / ".env"
    env.write_text("AWS_ACCOUNT_ID=123456789012\nAWS_REGION=us-east-1\n")
    (tmp_path / "fleet.toml").write_text(FLEET)
    settings = load_settings(env, {})
    context = Context(settings, Names(settings), None, load_fleet(env, {}))  # type: ignore[arg-type]  # no AWS here
    found = fleet_of(context)
    assert found
    return found


Make = Callable[..., WorkerStatus]


@pytest.fixture
def status(fleet: FleetContext) -> Make:
    """A worker's status; by default of one that earns."""

    def make(
        name: str = "earns",
        *,
        service: Service | None = SERVICE,
        task: Task | None = TASK,
        stopped: Task | None = None,
        report: Report | Unknown | None = REPORT,
        is_embedded: bool = False,
    ) -> WorkerStatus:
        worker = fleet.worker(name)
        runtime = Runtime(service, task, stopped)
        return WorkerStatus(NOW, fleet.of(worker), worker, runtime, report, is_embedded)

    return make


def changed(value: Any, **changes: Any) -> Any:
    return type(value)(**{**vars(value), **changes})


def unhealthy(**changes: Any) -> Report:
    health = copy.deepcopy(HEALTH) | {"status": "unhealthy"} | changes
    return Report(REPORT.at, REPORT.task_id, Worker.model_validate(health))


def shared(times: int, *, minutes: float) -> Report:
    last = (NOW - timedelta(minutes=minutes)).isoformat()
    foreign = {"last_24_hours": times, "last_at": last}
    return unhealthy(status="healthy", foreign_transactions=foreign)


IDLE = changed(SERVICE, desired=0)
YOUNG = changed(TASK, id="two", started_at=NOW - timedelta(seconds=20))
PENDING = changed(TASK, id="two", state="PENDING", started_at=None)
SPOT = changed(FAILED, stop_code="SpotInterruption", exit_code=None)
DEPLOYED = changed(FAILED, stop_code="ServiceSchedulerInitiated", exit_code=None)
HANGS = changed(DEPLOYED, is_unhealthy=True)
OLD = changed(REPORT, at=NOW - timedelta(minutes=5))
REFUSED = Unknown(OperatorError(ErrorCode.ACCESS_DENIED, "AWS refuses: no."), is_passing=False)


def has(allo: Decimal) -> Report:
    return unhealthy(status="healthy", balance_allo=float(allo))


LIMIT = TESTNET.hundred_transactions

FINDINGS: tuple[tuple[dict[str, Any], Condition], ...] = (
    ({}, Condition.EARNING),
    ({"stopped": DEPLOYED}, Condition.EARNING),
    ({"service": None}, Condition.NOT_AS_IN_FILE),
    ({"service": IDLE, "task": None}, Condition.NOT_AS_IN_FILE),
    ({"task": None, "stopped": FAILED}, Condition.TASK_STOPPED),
    ({"task": None, "stopped": SPOT}, Condition.TASK_STOPPED),
    ({"task": None, "stopped": HANGS}, Condition.TASK_STOPPED),
    ({"task": None, "stopped": DEPLOYED}, Condition.TASK_STARTING),
    ({"task": PENDING}, Condition.TASK_STARTING),
    ({"task": PENDING, "stopped": FAILED}, Condition.TASK_STOPPED),
    ({"task": YOUNG}, Condition.TASK_STARTING),
    ({"task": YOUNG, "stopped": FAILED}, Condition.TASK_STOPPED),
    ({"task": changed(TASK, is_unhealthy=True)}, Condition.TASK_STOPPED),
    ({"task": None, "report": None, "is_embedded": True}, Condition.EMBEDDED_AWS),
    ({"report": None}, Condition.NO_REPORT),
    ({"report": OLD}, Condition.NO_REPORT),
    ({"report": changed(REPORT, task_id="of the task before")}, Condition.NO_REPORT),
    ({"report": REFUSED}, Condition.UNKNOWN),
    ({"report": unhealthy(model={"state": "failing"})}, Condition.MODEL_FAILING),
    ({"report": shared(3, minutes=59)}, Condition.WALLET_SHARED),
    ({"report": shared(3, minutes=60)}, Condition.EARNING),
    ({"report": shared(2, minutes=1)}, Condition.EARNING),
    ({"report": has(LIMIT * Decimal("0.99"))}, Condition.BALANCE_LOW),
    ({"report": has(LIMIT)}, Condition.EARNING),
    ({"name": "own", "report": None}, Condition.RUNNING),
    ({"name": "resting", "service": IDLE, "task": None, "report": None}, Condition.PAUSED),
    ({"name": "resting"}, Condition.NOT_AS_IN_FILE),
)


@pytest.mark.parametrize(("facts", "finding"), FINDINGS)
def test_the_first_cause_is_found(status: Make, facts: dict[str, Any], finding: Condition) -> None:
    verdict = judge(status(**facts))
    assert verdict.finding is finding
    assert verdict.sentence.endswith(".")


def test_a_container_that_ended_a_task_is_named(status: Make) -> None:
    verdict = judge(status(task=None, stopped=FAILED))
    assert "5 minutes ago" in verdict.sentence
    assert "the container worker exited with code 78" in verdict.sentence
    assert verdict.remedy == "Why: allora logs --worker earns"


def test_a_second_process_with_a_wallet_is_told(fleet: FleetContext, status: Make) -> None:
    verdict = judge(status(report=shared(5, minutes=2)))
    assert "5 times in 24 hours, the last time 2 minutes ago" in verdict.sentence
    assert verdict.remedy
    assert "allora doctor" in verdict.remedy
    assert verdict.remedy.endswith("--worker earns")
    one = FleetStatus(NOW, fleet, (status(report=shared(1, minutes=300)),))
    wallet = printed(lambda console: console.print_screen(WorkerView().screen(one, 200)), 200)[-1]
    assert wallet.endswith("; 1 foreign transaction a day")
    [worker] = document_of(one).as_json()["workers"]
    assert worker["wallet"]["foreign_transactions"]["last_24_hours"] == 1


def test_remedies_name_the_worker(status: Make) -> None:
    verdict = judge(status(report=unhealthy(model={"state": "failing"})))
    assert verdict.remedy == "Why: allora logs model --worker earns"


def test_a_paused_worker_is_not_called_healthy(status: Make) -> None:
    paused = status("resting", service=IDLE, task=None, report=None)
    assert printed(lambda console: console.print(screen_of_one(paused)), 80)[0] == (
        "✔ Paused: as fleet.toml says."
    )


def test_who_needs_attention_comes_first_and_who_rests_last(
    fleet: FleetContext, status: Make
) -> None:
    resting = status("resting", service=IDLE, task=None, report=None)
    all_ = FleetStatus(NOW, fleet, (resting, status(), status("away", service=None)))
    names = [worker.worker.name for worker, _ in judge_all(all_)]
    assert names == ["away", "earns", "resting"]
    assert not is_healthy(all_)
    assert is_healthy(FleetStatus(NOW, fleet, (resting, status())))
    assert not is_healthy(FleetStatus(NOW, fleet, (status(),), not_in_file=("gone",)))


def alarm(name: str, state: str = "ALARM") -> Alarm:
    return Alarm(name, state, "What it means.", NOW - timedelta(minutes=5), f"Mend the {name}.")


ON = (alarm("no-submission"), alarm("refused", "OK"), alarm("balance-low", "INSUFFICIENT_DATA"))


def test_an_alarm_that_is_on_needs_attention(fleet: FleetContext, status: Make) -> None:
    all_well = FleetStatus(NOW, fleet, (status(),))
    rings = changed(all_well, alarms=ON)
    assert not is_healthy(rings)
    assert is_healthy(changed(all_well, alarms=ON[1:]))
    assert is_healthy(changed(all_well, alarms=REFUSED)), "what is not known is no fault"
    lines = lines_of(rings, 200)
    assert lines[0] == "✘ 1 alarm is on. 1 workers: 1 earning, 0 paused"
    assert "✘ no-submission, for 5 minutes: Mend the no-submission." in lines
    document = document_of(rings).as_json()
    assert document["healthy"] is False
    assert [(each["name"], each["state"]) for each in document["alarms"]] == [
        (f"{fleet.names.in_region}-{each.name}", each.state) for each in ON
    ]


def test_alarms_that_cannot_be_read_are_told(fleet: FleetContext, status: Make) -> None:
    unread = FleetStatus(NOW, fleet, (status(),), alarms=REFUSED)
    document = document_of(unread)
    assert document.alarms is None
    assert document.unknown["alarms"].trouble == ErrorCode.ACCESS_DENIED
    assert any(line.startswith("Alarms: ? AWS refuses") for line in lines_of(unread, 200))


def test_the_fleet_s_own_alarms_are_listed(fleet: FleetContext) -> None:
    with mock_aws():
        cloudwatch = boto3.client("cloudwatch", "us-east-1")
        host = fleet.shared.names.in_region
        for name in (f"{fleet.names.in_region}-refused", f"{host}-disk-full"):
            cloudwatch.put_metric_alarm(
                AlarmName=name,
                MetricName="m",
                Namespace="n",
                Period=60,
                Statistic="Sum",
                EvaluationPeriods=1,
                Threshold=1,
                ComparisonOperator="GreaterThanThreshold",
            )
        (found,) = list_alarms(cloudwatch, f"{fleet.names.in_region}-", FLEET_REMEDIES)
    assert (found.name, found.remedy) == ("refused", FLEET_REMEDIES[FleetAlarmId.REFUSED])


@pytest.fixture
def everything(fleet: FleetContext, status: Make) -> FleetStatus:
    return FleetStatus(
        NOW,
        fleet,
        (
            status(),
            status("away", task=None, stopped=FAILED, report=None),
            status("resting", service=IDLE, task=None, report=None),
        ),
        not_in_file=("gone",),
    )


def lines_of(status: FleetStatus, width: int) -> list[str]:
    def show(console: SafeConsole) -> None:
        console.print_screen(FleetView().screen(status, width))

    return printed(show, 200)


@pytest.mark.parametrize("width", WIDTHS[1:])
def test_each_worker_has_a_line(everything: FleetStatus, width: int) -> None:
    lines = lines_of(everything, 200)
    assert [line.split()[1] for line in lines if "earns" in line] == ["earns"]
    assert lines[0] == "✘ 2 need attention. 3 workers: 1 earning, 1 paused"
    assert lines[2].startswith("✘ away     task stopped: its task ended 5 minutes ago")
    assert lines[3].startswith("✔ earns    earning, submitted ")
    assert lines[4] == "- resting  paused: as fleet.toml says."
    assert "gone" in lines[5]
    assert max(map(len, lines_of(everything, width)[2:5])) <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_one_worker_fills_a_screen(everything: FleetStatus, width: int) -> None:
    view = WorkerView()
    for each in everything.workers:
        one = FleetStatus(NOW, everything.fleet, (each,))
        check_screen(lambda console: console.print_screen(view.screen(one, width)), width)  # noqa: B023


def test_the_document_has_all_of_it(everything: FleetStatus) -> None:
    document = document_of(everything).as_json()
    away, earns, resting = document["workers"]
    assert (document["healthy"], document["not_in_file"]) == (False, ["gone"])
    assert (away["finding"], away["healthy"]) == ("status-task-stopped", False)
    assert (away["stopped"]["exit_code"], away["task"], away["wallet"]) == (78, None, None)
    assert away["runbook"] == "docs/operations.md#status-task-stopped"
    assert (earns["finding"], earns["healthy"], earns["runbook"]) == ("earning", True, None)
    assert earns["wallet"]["address"] == HEALTH["address"]
    assert earns["topics"][0]["earning"]["state"] == "earning"
    assert (resting["finding"], resting["paused"]) == ("paused", True)


def test_a_log_that_cannot_be_read_is_told(fleet: FleetContext, status: Make) -> None:
    document = document_of(FleetStatus(NOW, fleet, (status(report=REFUSED),)))
    assert document.unknown["report"].trouble == ErrorCode.ACCESS_DENIED
    assert document.workers[0].finding is Condition.UNKNOWN


def test_the_schema_is_up_to_date() -> None:
    assert SCHEMA.read_text("utf-8") == schema_text(), "make docs"


# --- ECS

RECORDED: dict[str, Any] = {
    "taskArn": "arn:aws:ecs:us-east-1:123456789012:task/allora-worker-fleet/0123456789abcdef",
    "group": "service:earns",
    "lastStatus": "STOPPED",
    "createdAt": NOW,
    "startedAt": NOW,
    "stoppedAt": NOW,
    "stopCode": "EssentialContainerExited",
    "stoppedReason": "Essential container in task exited",
    "containers": [
        {"name": "secrets", "exitCode": 0},
        {"name": "model", "exitCode": 0},
        {"name": "worker", "exitCode": 78},
    ],
}


def test_a_task_that_ended_says_which_container_has_ended_it() -> None:
    task = task_of(RECORDED)
    assert (task.id, task.worker) == ("0123456789abcdef", "earns")
    assert (task.exit_code, task.reason) == (78, "the container worker exited with code 78")
    assert task.has_failed


def test_a_task_that_did_not_start_says_why() -> None:
    why = "ResourceInitializationError: unable to pull secrets: invalid parameters"
    task = task_of(
        {
            **RECORDED,
            "stopCode": "TaskFailedToStart",
            "stoppedReason": why,
            "containers": [{"name": "secrets"}, {"name": "model"}, {"name": "worker"}],
        }
    )
    assert (task.reason, task.exit_code, task.has_failed) == (why, None, True)
    image = "CannotPullContainerError: pull image manifest has been retried"
    task = task_of({**RECORDED, "containers": [{"name": "model", "reason": image}]})
    assert task.reason == image


def test_secrets_that_could_not_be_placed_are_the_cause() -> None:
    containers = [{"name": "secrets", "exitCode": 1}, {"name": "model"}, {"name": "worker"}]
    assert task_of({**RECORDED, "containers": containers}).exit_code == 1


# --- the log

GROUP = "/allora-fleet/worker"


def put(stream: str, at: datetime, line: dict[str, Any]) -> None:
    logs = boto3.client("logs", "us-east-1")
    logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
    milliseconds = int(at.timestamp() * 1000)
    logs.put_log_events(
        logGroupName=GROUP,
        logStreamName=stream,
        logEvents=[{"timestamp": milliseconds, "message": json.dumps(line)}],
    )


@mock_aws
def test_the_newest_report_of_each_worker_is_found() -> None:
    logs = boto3.client("logs", "us-east-1")
    now = datetime.now(UTC)
    assert newest_reports(logs, GROUP, now) == {}
    logs.create_log_group(logGroupName=GROUP)
    for stream, ago, line in (
        ("earns/worker/old", 5, {"event": "status", "health": HEALTH | {"reason": "old"}}),
        ("earns/worker/new", 1, {"event": "status", "health": HEALTH | {"reason": "new"}}),
        ("earns/secrets/new", 0, {"event": "status", "health": HEALTH | {"reason": "no"}}),
        ("earns-more/worker/other", 2, {"event": "status", "health": HEALTH}),
        ("silent/worker/one", 30, {"event": "status", "health": HEALTH}),
        ("odd/worker/one", 1, {"event": "status", "health": "?"}),
        ("odd/worker/two", 1, {"event": "submitted", "health": HEALTH}),
        ("odd", 1, {"event": "status", "health": HEALTH}),
    ):
        put(stream, now - timedelta(minutes=ago), line)
    found = newest_reports(logs, GROUP, now)
    assert {name: report.task_id for name, report in found.items()} == {
        "earns": "new",
        "earns-more": "other",
    }
    assert found["earns"].worker.reason == "new"
    assert newest_reports(logs, GROUP, now, worker="earns").keys() == {"earns"}
