"""What the host tells, and how far that means it has come."""

from __future__ import annotations

import copy
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from allora_cli.deploy.checklist import Checklist
from allora_cli.deploy.events import HostProgress, StepProgress
from allora_cli.deploy.progress import (
    AFTER_RESTART,
    ALL,
    UNTIL_CONTAINERS,
    Obstacle,
    Progress,
    Source,
    Step,
)
from allora_cli.deploy.waiting import significant
from allora_cli.host.log_events import Line
from allora_cli.host.parts import Part
from allora_cli.host.status_report import HostStatus, parse_status
from shared.host_events import Code, State
from shared.host_events import Event as Host

LAUNCH = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
STATUS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "samples/host_status.json").read_text("utf-8")
)
INSTALLATION = (Host.INTERNET, Host.STORAGE, Host.DOCKER_SETTINGS, Host.PACKAGES, Host.DOCKER)
DONE, STARTED, WAITING, FAILED = State.DONE, State.STARTED, State.WAITING, State.FAILED


def at(seconds: float) -> datetime:
    return LAUNCH + timedelta(seconds=seconds)


def boot(event: Host, state: State, seconds: float, **fields: Any) -> Line:
    line = {"event": event, "state": state, "message": "", **fields}
    return Line(f"{seconds}", at(seconds), json.dumps(line))


def event(name: str, seconds: float, **fields: Any) -> Line:
    line = {"time": at(seconds).isoformat(), "level": "info", "event": name, **fields}
    return Line(f"{seconds}", at(seconds), json.dumps(line))


def status(seconds: float, **worker: Any) -> HostStatus:
    document = copy.deepcopy(STATUS)
    document["worker"] |= worker
    for container in document["containers"].values():
        container["started_at"] = at(50).isoformat()
    found = parse_status(Line("", at(seconds), json.dumps(document)))
    assert found
    return found


def topic(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = STATUS["worker"]["topics"][0] | changes
    return found


@pytest.fixture
def progress() -> Progress:
    return Progress(LAUNCH)


def test_a_first_start_goes_step_by_step(progress: Progress) -> None:
    missing = [progress.current]
    progress.see_running(at(5))
    missing.append(progress.current)
    for number, name in enumerate(INSTALLATION, start=1):
        step = {"step": number, "of": 6, "message": f"{name}: done"}
        progress.see_boot(boot(name, DONE, 9 + number, **step))
    missing.append(progress.current)
    assert progress.activity == "[5/6] docker: done"
    progress.see_worker(event("starting", 60, address="allo1x", message="starts"))
    missing.append(progress.current)
    progress.see_worker(event("model_works", 61, message="answers"))
    missing.append(progress.current)
    progress.see_worker(event("ready", 65, message="registered"))
    missing.append(progress.current)
    assert missing == list(Step)
    assert not progress.is_complete
    progress.see_worker(event("submitted", 90, message="submitted"))
    assert progress.is_complete
    assert progress.current is None
    assert progress.address == "allo1x"
    assert progress.seconds(Step.SUBMITTED) == 25
    assert progress.seconds(Step.HOST) == 9


def test_a_bootstrap_that_waits_is_an_obstacle_until_it_is_done(progress: Progress) -> None:
    progress.see_boot(boot(Host.BOOTSTRAP, State.STARTED, 5, message="fetching"))
    assert progress.current is Step.HOST
    assert progress.activity == "fetching"
    why = {"code": Code.ARCHIVE_UNAVAILABLE, "message": "s3://b/k cannot be read: AccessDenied"}
    progress.see_boot(boot(Host.BOOTSTRAP, WAITING, 6, needs_operator=False, **why))
    assert [each.text for each in progress.obstacles.values()] == [why["message"]]
    assert progress.for_operator is None
    progress.see_boot(boot(Host.BOOTSTRAP, WAITING, 8, needs_operator=True, **why))
    assert progress.for_operator
    progress.see_boot(boot(Host.BOOTSTRAP, DONE, 60, message="in place"))
    assert progress.obstacles == {}


def test_a_later_step_shows_that_the_earlier_ones_are_done(progress: Progress) -> None:
    """The log of one part may arrive before that of another."""
    progress.see_worker(event("submitted", 90))
    assert progress.is_complete
    assert list(progress.done) == list(Step)


def test_a_healthy_status_with_a_submission_is_all_it_takes(progress: Progress) -> None:
    progress.see_status(status(3600))
    assert progress.is_complete
    assert progress.address == STATUS["worker"]["address"]


def test_a_registered_worker_that_has_not_submitted_waits_for_its_window(
    progress: Progress,
) -> None:
    progress.see_status(status(3600, topics=[topic(last_submission=None)]))
    assert not progress.is_complete
    assert progress.waits_for_window


def test_a_submission_does_not_count_when_the_worker_is_unhealthy_now(progress: Progress) -> None:
    progress.see_worker(event("submitted", 90))
    progress.see_status(status(120, status="unhealthy", topics=[topic(state="failing")]))
    assert not progress.is_complete
    progress.see_worker(event("submitted", 150))
    assert progress.is_complete


def test_a_status_from_before_a_submission_does_not_hide_it(progress: Progress) -> None:
    progress.see_worker(event("submitted", 90))
    progress.see_status(status(80, status="unhealthy", topics=[topic(last_submission=None)]))
    assert progress.is_complete


def test_a_worker_that_starts_again_has_to_submit_again(progress: Progress) -> None:
    progress.see_worker(event("submitted", 90))
    progress.see_worker(event("starting", 100))
    assert not progress.is_complete
    assert progress.current is Step.MODEL


def test_what_is_older_than_the_instance_does_not_count(progress: Progress) -> None:
    progress.see_worker(event("submitted", -10))
    progress.see_boot(boot(Host.INSTALLATION, DONE, -10))
    progress.see_status(status(-10))
    assert progress.done == {}


def test_what_the_worker_told_before_a_restart_does_not_count() -> None:
    progress = Progress(at(100), AFTER_RESTART)
    progress.see_worker(event("ready", 60))
    progress.see_status(status(120))  # of the worker that was started at 50
    # It may go on for a while: on its way to the end, or until the host goes down.
    progress.see_worker(event("submitted", 105))
    progress.see_worker(event("ready", 106))
    assert not progress.is_complete
    progress.see_worker(event("starting", 110))
    assert not progress.is_complete
    progress.see_worker(event("ready", 115))
    assert progress.is_complete


def test_of_a_worker_that_is_not_ours_nothing_but_the_containers_can_be_known() -> None:
    progress = Progress(LAUNCH, UNTIL_CONTAINERS)
    progress.see_running(at(5))
    assert not progress.is_complete
    foreign = status(60)
    progress.see_status(HostStatus(**{**vars(foreign), "worker": None}))
    assert progress.is_complete


def test_a_failure_of_the_host_is_in_the_way_until_it_goes_on(progress: Progress) -> None:
    missing = {"code": Code.SECRETS_UNAVAILABLE, "needs_operator": True, "message": "mnemonic"}
    progress.see_boot(boot(Host.WORKER, WAITING, 50, **missing))
    progress.see_boot(boot(Host.WORKER, WAITING, 51, step=6, of=6, **missing))
    (obstacle,) = progress.obstacles.values()
    assert obstacle.at == at(50)  # the second one is the same
    assert obstacle.needs_operator
    assert not obstacle.is_final
    progress.see_boot(boot(Host.WORKER, DONE, 90))
    assert progress.obstacles == {}
    assert Step.CONTAINERS in progress.done


def test_a_failure_that_comes_back_is_there_since_it_came_first(progress: Progress) -> None:
    down = {"code": Code.CONTAINER_ENDS, "needs_operator": True}
    progress.see_boot(boot(Host.WORKER, WAITING, 50, **down, message="its last words: 12:00:50"))
    progress.see_boot(boot(Host.SECRETS, DONE, 70))
    assert progress.for_operator is None  # it is tried again
    progress.see_boot(boot(Host.WORKER, WAITING, 90, **down, message="its last words: 12:01:30"))
    assert progress.for_operator
    assert progress.for_operator.at == at(50)
    assert progress.for_operator.text == "its last words: 12:01:30"


@pytest.mark.parametrize(
    ("state", "needs_operator"), [(WAITING, False), (WAITING, True), (FAILED, True)]
)
def test_the_host_says_who_can_remove_an_obstacle(
    progress: Progress, state: State, *, needs_operator: bool
) -> None:
    """Whatever the words are."""
    text = "failed: [1/6] MODEL_REF does not stay up: allora: ready"
    why = {"code": Code.UNEXPECTED, "needs_operator": needs_operator, "message": text}
    progress.see_boot(boot(Host.WORKER, state, 50, **why))
    (obstacle,) = progress.obstacles.values()
    assert (obstacle.text, obstacle.needs_operator) == (text, needs_operator)
    assert obstacle.is_final is (state is FAILED)
    assert Step.CONTAINERS not in progress.done


def test_an_event_of_a_newer_host_is_an_activity(progress: Progress) -> None:
    line = {"event": "telepathy", "state": "done", "message": "reads minds", "more": 1}
    progress.see_boot(Line("", at(50), json.dumps(line)))
    assert progress.activity == "reads minds"


@pytest.mark.parametrize(
    "text",
    [
        "allora: ready",
        "worker and model are running",
        '{"event": "installation", "message": "ready"}',
        '{"event": "installation", "state": "ready", "message": ""}',
        '["event"]',
    ],
)
def test_what_is_no_event_means_nothing(progress: Progress, text: str) -> None:
    progress.see_boot(Line("", at(50), text))
    assert (progress.done, progress.activity, progress.seen_at) == ({}, "", None)


def test_what_somebody_else_printed_is_no_event(progress: Progress) -> None:
    ready = boot(Host.INSTALLATION, DONE, 50)
    progress.see_boot(replace(ready, is_quoted=True))
    assert progress.done == {}


def test_refusal_needs_the_operator_and_ends_with_the_next_readiness(progress: Progress) -> None:
    progress.see_worker(event("refused", 60, message="refused: fund allo1x"))
    assert progress.for_operator
    assert "fund allo1x" in progress.for_operator.text
    progress.see_worker(event("ready", 90))
    assert progress.for_operator is None


def test_a_fee_that_is_refused_is_told_until_the_next_readiness(progress: Progress) -> None:
    progress.see_worker(event("fee_refused", 60, message="ALLORA_MAX_FEE allows 0.01"))
    [obstacle] = progress.obstacles.values()
    assert "ALLORA_MAX_FEE" in obstacle.text
    assert progress.for_operator is None  # the endpoint's lie may end
    progress.see_worker(event("ready", 90))
    assert progress.obstacles == {}


def test_each_part_of_the_worker_has_its_own_trouble(progress: Progress) -> None:
    progress.see_worker(event("model_failed", 60, message="the model server: 500"))
    progress.see_worker(event("chain_unavailable", 61, message="no endpoint"))
    progress.see_worker(event("model_works", 62))
    assert set(progress.obstacles) == {Source.CHAIN}
    progress.see_worker(event("submitted", 70))
    assert progress.obstacles == {}


def test_what_anybody_writes_into_a_log_does_nothing_to_the_terminal(progress: Progress) -> None:
    progress.see_boot(boot(Host.WORKER, WAITING, 50, message="\x1b]0;title\x07MODEL_REF"))
    progress.see_worker(event("refused", 60, message="\x1b[2J"))
    assert not [each for each in progress.obstacles.values() if "\x1b" in each.text]


def test_next_window_follows_from_two(progress: Progress) -> None:
    progress.see_worker(event("window", 100, topic=69, nonce=1000))
    assert progress.next_window() is None
    progress.see_worker(event("window", 100, topic=69, nonce=1000))  # the same once more
    assert progress.next_window() is None
    progress.see_worker(event("window", 3700, topic=69, nonce=1720))
    assert progress.next_window() == at(7300)


def test_lines_that_matter_are_errors_or_else_the_last_ones() -> None:
    metric = event("metric", 99, _aws={})
    lines = [event("starting", n, message=f"{n}") for n in range(10)]
    assert [line.at for line in significant(Part.WORKER, [*lines, metric])] == [
        at(n) for n in range(5, 10)
    ]
    bad = event("refused", 3.5, level="error", message="no")
    assert significant(Part.WORKER, [*lines, bad, metric]) == [bad]


def test_lines_that_say_the_same_are_shown_once() -> None:
    bad = [event("window_lost", n, level="error", message="no") for n in range(9)]
    assert significant(Part.WORKER, bad) == bad[-1:]
    texts = [Line("", at(0), text) for text in ("fine", "ValueError: x", "fine")]
    assert significant(Part.MODEL, texts) == texts


def test_of_a_model_the_lines_that_it_calls_bad_matter() -> None:
    bad = event("", 1, level="warning", message="no prices")
    assert significant(Part.MODEL, [event("", 0, message="error"), bad]) == [bad]


def test_of_a_boot_the_obstacles_matter() -> None:
    waits = boot(Host.WORKER, WAITING, 1, code=Code.DOCKER_DOWN)
    lines = [boot(Host.CARE, STARTED, 0, message="error"), waits, Line("", at(2), "error: x")]
    assert significant(Part.BOOT, lines) == [waits]


def test_a_step_that_a_status_tells_of_has_no_duration() -> None:
    """A status says what is done by now, and not since when."""
    progress = Progress(LAUNCH)
    progress.see_running(at(5))
    progress.see_status(status(9000))
    assert Step.REGISTERED in progress.done
    assert progress.seconds(Step.REGISTERED) is None
    assert progress.seconds(Step.INSTANCE) == 5


def test_the_event_itself_has_the_moment_that_a_status_lacks() -> None:
    progress = Progress(LAUNCH)
    progress.see_running(at(5))
    progress.see_status(status(90))
    progress.see_worker(event("starting", 60))
    progress.see_worker(event("ready", 80))
    assert progress.seconds(Step.REGISTERED) == 30  # the containers were started at 50


def test_nothing_in_the_way_is_cut_at_the_screens_edge() -> None:
    address = "allo19rl4cm2hmr8afy4kldpxz3fka4jguq0ajnh7gv"
    text = f"topic 69 refuses the worker, whose wallet has too little: send ALLO to {address}"
    obstacle = Obstacle(Source.WORKER, "refused", text, LAUNCH, needs_operator=True)
    steps = tuple(StepProgress(step, is_done=False, seconds=None) for step in ALL)
    output = io.StringIO()
    checklist = Checklist(
        Console(file=output, force_terminal=True, width=80, soft_wrap=True, highlight=False)
    )
    checklist.start()
    checklist.show(HostProgress(steps, "", (obstacle,)))
    checklist.stop()
    assert address in output.getvalue()
    assert "It needs you" in output.getvalue()


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "✔ {}\n"), (0.4, "✔ {}\n"), (45.2, "✔ {} (45 seconds)\n"), (316, "✔ {} (5 minutes)\n")],
)
def test_durations_of_steps(seconds: float | None, shown: str) -> None:
    output = io.StringIO()
    step = StepProgress(Step.HOST, is_done=True, seconds=seconds)
    Checklist(Console(file=output, soft_wrap=True)).show(HostProgress((step,), "", ()))
    assert output.getvalue() == shown.format(Step.HOST)
