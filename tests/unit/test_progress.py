"""What the host tells, and how far that means it has come."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from allora_cli.deploy.progress import AFTER_RESTART, UNTIL_CONTAINERS, Progress, Source, Step
from allora_cli.deploy.waiting import significant
from allora_cli.host.log_events import Line
from allora_cli.host.log_format import Part
from allora_cli.host.status_report import HostStatus, parse_status

LAUNCH = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
STATUS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "samples/host_status.json").read_text("utf-8")
)
INSTALL = (
    "[1/6] Reach the internet",
    "[2/6] Prepare storage",
    "[3/6] Configure Docker",
    "[4/6] Install packages",
    "[5/6] Run Docker",
    "[6/6] Start worker and model",
)


def at(seconds: float) -> datetime:
    return LAUNCH + timedelta(seconds=seconds)


def boot(text: str, seconds: float) -> Line:
    return Line(f"{seconds}", at(seconds), f"allora: {text}")


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
    for number, name in enumerate(INSTALL[:5]):
        progress.see_boot(boot(f"{name}: done", 10 + number))
    missing.append(progress.current)
    assert progress.activity == "[5/6] Run Docker: done"
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
    progress.see_boot(boot("ready", -10))
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
    missing = "failed: Secrets are missing below /allora/worker: mnemonic."
    progress.see_boot(boot(missing, 50))
    progress.see_boot(boot(f"failed: [6/6] Start worker and model: {missing[8:]} Again.", 51))
    (obstacle,) = progress.obstacles.values()
    assert obstacle.at == at(50)  # the second one is the same
    assert obstacle.needs_operator
    progress.see_boot(boot("worker and model are running", 90))
    assert progress.obstacles == {}
    assert Step.CONTAINERS in progress.done


def test_a_failure_that_comes_back_is_there_since_it_came_first(progress: Progress) -> None:
    down = "failed: the worker container does not stay up: {} no valid mnemonic"
    progress.see_boot(boot(down.format("12:00:50"), 50))
    progress.see_boot(boot("secrets are in memory", 70))
    assert progress.for_operator is None  # it is tried again
    progress.see_boot(boot(down.format("12:01:30"), 90))
    assert progress.for_operator
    assert progress.for_operator.at == at(50)


@pytest.mark.parametrize(
    ("text", "needs_operator"),
    [
        ("failed: [1/6] Reach the internet: http://x/ does not answer.", True),  # not tried again
        ("failed: SSM Parameter Store in us-east-1 does not give /allora/worker.", False),
        ("failed: docker compose could not start worker and model: journalctl", False),
        ("failed: MODEL_REPO 'https://x' could not be fetched at MODEL_REF 'v9'.", True),
        ("failed: the worker container does not stay up: wrong mnemonic", True),
    ],
)
def test_only_the_operator_can_cure_what_names_a_setting_or_is_not_tried_again(
    progress: Progress, text: str, *, needs_operator: bool
) -> None:
    progress.see_boot(boot(text, 50))
    assert bool(progress.for_operator) is needs_operator
    assert progress.obstacles


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
    progress.see_boot(boot("failed: \x1b]0;title\x07MODEL_REF", 50))
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
    assert significant(Part.MODEL, texts) == texts[1:2]
