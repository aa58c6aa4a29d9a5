"""Terraform's JSON becomes typed plans and events; each event has its sentences and its JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from allora_cli.changes.kinds import Kind
from allora_cli.changes.summary import Asset, Entry, Kept, MonthlyCost, Summary
from allora_cli.deploy import events
from allora_cli.deploy.progress import ALL, Source
from allora_cli.deploy.renderers import JsonLines, Screen, run
from allora_cli.deploy.sentences import sentences
from allora_cli.errors import ErrorCode
from allora_cli.events import Event, EventCode, Workflow
from allora_cli.orphans.orphan import Orphan
from allora_cli.terraform.messages import (
    ResourceChanged,
    ResourceState,
    Severity,
    StackApplied,
    TerraformMessage,
    event_of,
)
from allora_cli.terraform.plans import Action, AttributeChange, Change, changes_of

ORPHAN = Orphan("aws_eip", "eipalloc-1", "s", "the address 192.0.2.1", 3.65)
RUNBOOK = (Path(__file__).resolve().parents[2] / "docs/operations.md").read_text("utf-8")
HOST = {"address": "aws_instance.host", "type": "aws_instance", "mode": "managed"}


def change(*actions: str, **values: Any) -> dict[str, Any]:
    return {
        "actions": list(actions), "before": None, "after": None, "after_unknown": {}, **values
    }  # fmt: skip


def planned(described: dict[str, Any], **resource: str) -> tuple[Change, ...]:
    return changes_of({"resource_changes": [HOST | resource | {"change": described}]})


@pytest.mark.parametrize(
    ("actions", "action"),
    [
        (("create",), Action.CREATE),
        (("update",), Action.UPDATE),
        (("delete",), Action.DELETE),
        (("delete", "create"), Action.REPLACE),
        (("create", "delete"), Action.REPLACE),
    ],
)
def test_actions_of_a_plan(actions: tuple[str, ...], action: Action) -> None:
    (found,) = planned(change(*actions, before={}, after={}))
    assert (found.address, found.type, found.action) == (HOST["address"], HOST["type"], action)


def test_what_changes_nothing_is_not_in_a_plan() -> None:
    assert planned(change("no-op", before={}, after={})) == ()
    assert planned(change("read", before=None, after={}), mode="data") == ()
    assert changes_of({}) == ()


def test_attributes_with_short_values_that_may_be_shown() -> None:
    (found,) = planned(
        change(
            "update",
            before={
                "type": "t3.micro",
                "on": True,
                "tags": {},
                "long": "a",
                "key": "old",
                "n": None,
            },
            after={"type": "t3.small", "on": False, "tags": None, "long": "b" * 61, "key": "new"},
            after_unknown={"n": True},
            before_sensitive={"key": True},
        )
    )
    assert found.attributes == (
        AttributeChange("key"),
        AttributeChange("long"),
        AttributeChange("n"),
        AttributeChange("on", "true", "false"),
        AttributeChange("type", "t3.micro", "t3.small"),
    )


def test_a_replacement_says_why_and_not_what_a_new_resource_has_anyway() -> None:
    (found,) = planned(
        change(
            "delete",
            "create",
            before={"id": "i-1", "ami": "ami-1", "zone": "a"},
            after={"ami": "ami-2", "zone": "a"},
            after_unknown={"id": True},
            replace_paths=[["ami"]],
        )
    )
    assert found.attributes == (AttributeChange("ami", "ami-1", "ami-2", replaces=True),)
    assert found.before["id"] == "i-1"


def hook(kind: str, action: str, **more: int) -> dict[str, Any]:
    return {"type": kind, "hook": {"resource": {"addr": "aws_vpc.a"}, "action": action, **more}}


@pytest.mark.parametrize(
    ("message", "event"),
    [
        (
            hook("apply_start", "create"),
            ResourceChanged("s", "aws_vpc.a", Action.CREATE, ResourceState.STARTED, 0),
        ),
        (
            hook("apply_progress", "delete", elapsed_seconds=10),
            ResourceChanged("s", "aws_vpc.a", Action.DELETE, ResourceState.RUNNING, 10),
        ),
        (
            hook("apply_complete", "update", elapsed_seconds=2),
            ResourceChanged("s", "aws_vpc.a", Action.UPDATE, ResourceState.FINISHED, 2),
        ),
        (
            hook("apply_errored", "create", elapsed_seconds=2),
            ResourceChanged("s", "aws_vpc.a", Action.CREATE, ResourceState.FAILED, 2),
        ),
        (
            {"type": "diagnostic", "diagnostic": {"severity": "error", "summary": "no"}},
            TerraformMessage("s", Severity.ERROR, "no"),
        ),
        (
            {
                "type": "change_summary",
                "changes": {"add": 1, "change": 2, "remove": 3, "operation": "apply"},
            },
            StackApplied("s", 1, 2, 3),
        ),
        ({"type": "change_summary", "changes": {"operation": "plan"}}, None),
        ({"type": "refresh_start"}, None),
    ],
)
def test_lines_of_terraform(message: dict[str, Any], event: Event | None) -> None:
    assert event_of("s", message) == event


LEFTOVER = events.Leftover("the secrets", "free", "aws ssm …")
READY = events.Ready(
    healthy=True, address="allo1", explorer_url="https://x/allo1", seconds={"host": 1.0}
)
WORKER = {
    "worker_name": "w", "instance_id": "i-1", "public_ip": "192.0.2.1", "dashboard_url": "https://d"
}  # fmt: skip
SUMMARY = Summary(
    "w",
    entries=(Entry(Action.DELETE, Kind.ADDRESS, ("aws_eip.a",), ("192.0.2.1",)),),
    stays=(Kept(Asset.SECRETS),),
    goes=(),
    stops_host=False,
    cost=MonthlyCost(20.0, 0.0, "AWS's price list"),
)
EVENTS: tuple[tuple[Event, str], ...] = (
    (events.SettingChanged("MODEL_REF", None, "v2"), "MODEL_REF: (not set) → v2"),
    (events.SettingChanged("MODEL_REF", "v2", "v2"), "is v2 already"),
    (events.NoChanges(), "Nothing to change"),
    (
        events.StackPlanned("s", (Change("aws_vpc.a", "aws_vpc", Action.CREATE),)),
        "s: 1 to create",
    ),
    (events.StackPlanned("s", ()), "only outputs change"),
    (events.HostReplacement("i-1", "192.0.2.1", keeps_data_volume=True), "never signs twice"),
    (SUMMARY, "the Elastic IP address 192.0.2.1; another deployment gets another one"),
    (events.StateBucketMade("b", ("created",)), "The bucket b"),
    (
        events.WalletUnfunded("allo1a", "0 ALLO", "0.1 ALLO", "https://faucet"),
        "https://faucet\n  Its address: allo1a\n",
    ),
    (events.WalletUnfunded("allo1a", "0 ALLO", "0.1 ALLO", None), "Send ALLO to: allo1a"),
    (ResourceChanged("s", "aws_vpc.a", Action.CREATE, ResourceState.RUNNING, 10), "(10 s)"),
    (TerraformMessage("s", Severity.ERROR, "no", "why", "aws_vpc.a"), "no (aws_vpc.a)\nwhy"),
    (StackApplied("s", 1, 2, 3), "1 added, 2 changed, 3 destroyed"),
    (events.StaleLock("s", "ada@laptop", "apply", "2026-11-22 09:15 UTC"), "Its lock remains"),
    (events.LockReleased("s"), "The lock of s is released"),
    (events.OrphansFound((ORPHAN,), "b", is_settled=True), "the address 192.0.2.1, 3.65 USD"),
    (events.OrphansFound((ORPHAN,), "b", is_settled=False), "allora state orphans"),
    (events.OrphanRemoved(ORPHAN.what), "removed"),
    (events.NotDeployed("w", "b"), "Nothing is deployed: the worker 'w'"),
    (events.NotDeployed("w", "b", "f"), "Nothing is deployed: the fleet 'f'"),
    (events.ToRemove((LEFTOVER,)), "--everything"),
    (events.Left(()), "nothing"),
    (events.BucketKept("b", events.KeptBecause.OTHERS_USE_IT, ("x",)), '["x"]'),
    (events.BucketKept("b", events.KeptBecause.IN_USE), "another run"),
    (events.RestartPlanned("w", "i-1", reboot=False), "Worker and model will restart"),
    (events.RestartPlanned("w", "i-1", reboot=True), "The host i-1 will restart"),
    (events.Restarted("i-1", reboot=False), "Restarted"),
    (events.WaitStarted("i-1", ALL, embedded_aws=True), "embedded AWS"),
    (events.ConsoleRead(), "console"),
    (events.AwsRefused(ErrorCode.THROTTLED, "Too many."), "The wait goes on"),
    (events.DeployResult(**WORKER, ready=READY), "Next: allora status"),
    (events.UpdateResult(**WORKER, ready=None, changed={}, replaced=None), "Next: allora status"),
    (events.RestartResult(**WORKER, ready=READY), "Next: allora status"),
    (events.DestroyResult("w", destroyed=True, left=()), "allora deploy"),
)


@pytest.mark.parametrize(("event", "text"), EVENTS, ids=[type(each).__name__ for each, _ in EVENTS])
def test_each_event_has_sentences_and_a_line_of_json(event: Event, text: str) -> None:
    assert text in "\n".join(sentence.text for sentence in sentences(event))
    document = json.loads(json.dumps(event.as_dict(), default=str))
    assert document["event"] == event.code


def test_values_that_may_be_secret_are_not_in_the_json_of_a_plan() -> None:
    plan = events.StackPlanned(
        "s",
        (
            Change(
                "a",
                "aws_instance",
                Action.UPDATE,
                (AttributeChange("user_data", "old", "new"),),
                before={"user_data": "old"},
            ),
        ),
    )
    assert "old" not in json.dumps(plan.as_dict())


def test_the_runbook_lists_every_event_and_no_other() -> None:
    _, _, section = RUNBOOK.partition("\n## Events\n")
    rows = [
        line.split("|")[1] for line in section.partition("\n## ")[0].splitlines() if "| `" in line
    ]
    listed = {name.strip(" `") for row in rows for name in row.split(",")}
    assert listed - {"event"} == {str(code) for code in EventCode}


def workflow() -> Workflow[events.DeployResult]:
    yield events.WaitStarted("i-1", ALL, embedded_aws=False)
    yield events.ObstacleMet(Source.HOST, "disk", "The disk is full.", needs_operator=True)
    return events.DeployResult(**WORKER, ready=READY)


def test_json_lines_end_with_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(workflow(), json=True).ready == READY
    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["event"] for line in lines] == ["wait", "obstacle", "result"]
    assert lines[-1]["healthy"] is True
    assert lines[-1]["seconds"] == {"host": 1.0}
    assert err == ""


def test_the_screen_has_the_result_alone_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    run(workflow(), json=False)
    out, err = capsys.readouterr()
    assert out == (
        "✔ The worker works: i-1 (192.0.2.1) has submitted. Next: allora status\n"
        "  Account    https://x/allo1\n"
        "  Dashboard  https://d\n"
    )
    assert "! host: The disk is full." in err


@pytest.mark.parametrize("renderer", [Screen, JsonLines])
def test_a_renderer_can_be_closed_before_it_has_shown_anything(
    renderer: type[Screen | JsonLines],
) -> None:
    renderer().close()


@pytest.mark.parametrize("plan", [True, False])
def test_the_raw_plan_is_shown_on_request(
    capsys: pytest.CaptureFixture[str], *, plan: bool
) -> None:
    change = Change("aws_vpc.a", "aws_vpc", Action.CREATE, after={"cidr_block": "10.0.0.0/16"})

    def planned_workflow() -> Workflow[events.DeployResult]:
        yield events.StackPlanned("s", (change,))
        return events.DeployResult(**WORKER, ready=READY)

    run(planned_workflow(), json=False, plan=plan)
    shown = capsys.readouterr().err
    assert ("+ aws_vpc.a\n      cidr_block: 10.0.0.0/16" in shown) == plan
