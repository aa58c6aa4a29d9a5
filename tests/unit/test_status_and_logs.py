"""What `allora status` and `allora logs` make of what they are told."""

from __future__ import annotations

import copy
import io
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from rich.console import Console
from rich.live import Live

from allora_cli.aws.queries import Question, Unknown
from allora_cli.context import Context
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.host import log_output
from allora_cli.host.log_events import Line
from allora_cli.host.log_format import text_of
from allora_cli.host.log_reader import Entry, Follower, Note, parse_since
from allora_cli.host.parts import Part
from allora_cli.host.protocol import HostEvent
from allora_cli.host.status_report import HostStatus, Verdict, parse_status
from allora_cli.status import watching
from allora_cli.status.alarms import Alarm
from allora_cli.status.collect import CostSoFar, Host, Status
from allora_cli.status.conditions import Condition
from allora_cli.status.diagnosis import judge
from allora_cli.status.document import SCHEMA, document_of, schema_text
from allora_cli.status.history import LastDay, Windows
from allora_cli.status.output import HostView
from allora_cli.status.plot import plot, plot_day
from allora_cli.status.screen import dashboard_line, explorer_lines, screen_of
from allora_cli.terminal import console
from allora_cli.terminal.console import SafeConsole
from allora_cli.terminal.text import clean, cleaned, duration
from allora_cli.terraform.deployment import Deployment
from containers.worker.allora_worker.event_names import Earning
from settings import Settings, load_settings
from settings.names import Names
from shared import host_events
from shared.alarm_remedies import REMEDIES
from shared.host_events import State
from tests.screens import WIDTHS, check_screen

NOW = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)
SAMPLE: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "samples/host_status.json").read_text("utf-8")
)
REASON = "why it does not work, at great length and with every detail that there is, " * 4
_SUBMISSION = {"nonce": 1, "at": "2026-11-22T11:59:00"}
_TOPIC = {"topic_id": 69, "state": "submitted", "last_submission": _SUBMISSION}
EARNING: dict[str, Any] = SAMPLE["worker"]["topics"][0]["earning"]
RETAINED = object()
TIME_WITHOUT_ZONE = json.dumps({"worker": {"status": "healthy", "topics": [_TOPIC]}})


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    env = tmp_path / "env"
    env.write_text("AWS_ACCOUNT_ID=123456789012\nAWS_REGION=us-east-1\n")
    monkeypatch.setenv("ALLORA_ENV_FILE", str(env))
    return load_settings()


def report(seconds_ago: float = 20, **changes: Any) -> HostStatus:
    document = copy.deepcopy(SAMPLE) | changes
    status = parse_status(line("", NOW - timedelta(seconds=seconds_ago), json.dumps(document)))
    assert status is not None
    return status


def line(id_: str, at: datetime = NOW, text: str = "") -> Line:
    return Line(id_, at, text or id_)


def alarm(name: str, state: str = "OK") -> Alarm:
    means = f"What it means. To do: {REASON}"
    return Alarm(name, state, means, NOW - timedelta(minutes=5), REMEDIES.get(name, means))


def unknown(text: str = "AWS refuses: no.") -> Unknown:
    return Unknown(OperatorError(ErrorCode.ACCESS_DENIED, text), is_passing=False)


@pytest.fixture
def healthy(settings: Settings) -> Status:
    context = Context(settings, Names(settings), session=None)  # type: ignore[arg-type]  # no AWS here
    hours = {
        NOW.replace(minute=0, second=0) - timedelta(hours=h): Windows(h % 7, h % 2)
        for h in range(25)
    }
    return Status(
        at=NOW,
        context=context,
        deployment=Deployment("i-0123456789abcdef0", "198.51.100.7", "https://example.com/dash"),
        host=Host("t3.medium", "running", "us-east-1a", None, NOW - timedelta(hours=5), None),
        report=report(),
        progress=HostEvent(
            at=NOW - timedelta(hours=4),
            event=host_events.Event.INSTALLATION,
            state=State.DONE,
            message="ready",
        ),
        last_day=LastDay(Windows(35, 1), hours),
        alarms=[alarm("disk-full"), alarm("balance-low", "INSUFFICIENT_DATA")],
        cost=CostSoFar(3.4, 37.0),
    )


def changed(status: Status, **changes: Any) -> Status:
    return Status(**{**vars(status), **changes})


WIDE = 200
"""Columns, in which the explorer's pages fit."""


def shown(status: Status, width: int = 100, *, with_plot: bool = False) -> list[str]:
    console = Console(file=io.StringIO(), width=width, highlight=False, no_color=True)
    console.print(screen_of(status, judge(status), width=width, with_plot=with_plot))
    console.print(dashboard_line(status))
    if width >= WIDE:
        console.print(*explorer_lines(status), sep="\n")
    assert isinstance(console.file, io.StringIO)
    return [row.rstrip() for row in console.file.getvalue().splitlines()]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("with_report", [True, False])
def test_words_of_the_screen_stay_whole(healthy: Status, width: int, *, with_report: bool) -> None:
    status = healthy if with_report else changed(healthy, report=None)

    def show(console: SafeConsole) -> None:
        console.print_screen(screen_of(status, judge(status), width=width, with_plot=False))
        console.print(dashboard_line(status))
        for line in explorer_lines(status):
            console.print(line)

    check_screen(show, width)


class TestVerdict:
    def test_healthy(self, healthy: Status) -> None:
        verdict = judge(healthy)
        assert (verdict.finding, verdict.is_healthy) == (Condition.EARNING, True)
        assert verdict.sentence.startswith("1.5 ALLO a day")

    def test_cause_comes_before_what_follows_from_it(self, healthy: Status) -> None:
        stopped = Host(
            "t3.medium", "stopped", "us-east-1a", None, NOW, "Client.UserInitiatedShutdown"
        )
        everything = changed(
            healthy, host=stopped, report=report(900), alarms=[alarm("no-submission", "ALARM")]
        )
        verdict = judge(everything)
        assert verdict.finding is Condition.HOST_STOPPED
        assert "--instance-ids i-0123456789abcdef0 --region us-east-1" in str(verdict.remedy)

    def test_beside_a_fleet_the_commands_name_the_worker(self, healthy: Status) -> None:
        new = Host("t3.medium", "running", "us-east-1a", None, NOW, None)
        stopped = {"worker": SAMPLE["containers"]["worker"] | {"state": "exited"}}
        down = report(containers=SAMPLE["containers"] | stopped)
        for faulty in (
            changed(healthy, report=None),
            changed(healthy, report=None, host=new, progress=None),
            changed(healthy, report=down),
            changed(healthy, report=report(worker=None)),
        ):
            beside = replace(faulty, context=replace(faulty.context, option=" --worker w"))
            alone, named = judge(faulty).remedy, judge(beside).remedy
            assert alone
            assert named
            assert "--worker" not in alone
            commands = alone.count("allora logs") + alone.count("allora restart")
            assert named.count("--worker w") == commands > 0

    @pytest.mark.parametrize(
        ("seconds", "finding"), [(170, Condition.EARNING), (181, Condition.NO_REPORT)]
    )
    def test_report_is_old_after_three_minutes(
        self, healthy: Status, seconds: int, finding: Condition
    ) -> None:
        assert judge(changed(healthy, report=report(seconds))).finding is finding

    def test_new_host_is_given_time_and_an_old_one_is_not(self, healthy: Status) -> None:
        step = HostEvent(
            at=NOW,
            event=host_events.Event.IMAGES,
            state=State.STARTED,
            message="images are built or fetched",
        )
        new = Host("t3.medium", "running", "us-east-1a", None, NOW - timedelta(minutes=9), None)
        silent = changed(healthy, report=None, progress=step)
        assert judge(changed(silent, host=new)).finding is Condition.SETTING_UP
        assert judge(silent).finding is Condition.NO_REPORT

    def test_no_host_boots_on_the_embedded_aws(self, healthy: Status) -> None:
        new = Host("t3.medium", "running", "us-east-1a", None, NOW, None)
        silent = changed(healthy, host=new, report=None, progress=None)
        assert judge(silent).finding is Condition.SETTING_UP
        embedded = changed(silent, is_embedded=True)
        assert judge(embedded).finding is Condition.EMBEDDED_AWS
        assert "logs boot" not in "\n".join(shown(embedded))
        # A test may play the host.
        assert judge(changed(embedded, report=report())).finding is Condition.EARNING

    @pytest.mark.parametrize(
        ("seconds", "finding"), [(59, Condition.REGISTERING), (60, Condition.WORKER_SILENT)]
    )
    def test_worker_is_given_a_minute_to_answer(
        self, healthy: Status, seconds: int, finding: Condition
    ) -> None:
        at = NOW - timedelta(seconds=20)
        started = {"worker": SAMPLE["containers"]["worker"] | {
            "started_at": (at - timedelta(seconds=seconds)).isoformat()
        }}  # fmt: skip
        status = changed(healthy, report=report(20, worker=None, containers=started))
        assert judge(status).finding is finding

    def test_report_from_before_the_start_tells_nothing_of_it(self, healthy: Status) -> None:
        early = report(40, worker=None, containers={"worker": None, "model": None})
        up = HostEvent(
            at=NOW - timedelta(seconds=30),
            event=host_events.Event.WORKER,
            state=State.DONE,
            message="ready",
        )
        verdict = judge(changed(healthy, report=early, progress=up))
        assert verdict.finding is Condition.REGISTERING
        assert "40 seconds ago" in verdict.sentence
        later = report(20, worker=None, containers={"worker": None, "model": None})
        assert judge(changed(healthy, report=later, progress=up)).finding is Condition.WORKER_DOWN

    def test_parts_that_do_not_matter_for_it_may_be_unknown(self, healthy: Status) -> None:
        parts = dict.fromkeys(("host", "progress", "last_day", "alarms", "cost"), unknown())
        status = changed(healthy, **parts)
        assert judge(status).finding is Condition.EARNING
        assert set(document_of(status, judge(status)).unknown) == set(parts)

    def test_clock_that_is_behind_is_no_trouble(self, healthy: Status) -> None:
        assert judge(changed(healthy, report=report(-90))).finding is Condition.EARNING

    def test_same_reason_is_told_once(self, healthy: Status) -> None:
        topic = SAMPLE["worker"]["topics"][0] | {"state": "refused", "reason": "fund allo1x"}
        topics = [topic, topic | {"topic_id": 70}]
        worker = SAMPLE["worker"] | {"status": "unhealthy", "topics": topics}
        verdict = judge(changed(healthy, report=report(worker=worker)))
        assert verdict.finding is Condition.REFUSED
        assert verdict.sentence.count("fund allo1x") == 1

    def test_a_fee_that_is_refused_is_told_with_its_remedy(self, healthy: Status) -> None:
        refusal = "nothing is paid: its fee would be 121.5 ALLO, and ALLORA_MAX_FEE allows 0.01"
        topic = SAMPLE["worker"]["topics"][0] | {"state": "failing", "reason": refusal}
        fees = SAMPLE["worker"]["fees"] | {"refusal": refusal}
        worker = SAMPLE["worker"] | {"status": "unhealthy", "topics": [topic], "fees": fees}
        status = changed(healthy, report=report(worker=worker))
        verdict = judge(status)
        assert verdict.finding is Condition.FEE_REFUSED
        assert refusal in verdict.sentence
        assert "raise the limit" in str(verdict.remedy)
        assert document_of(status, verdict).as_json()["fees"] == fees

    def test_worker_of_the_operator_s_own_may_tell_nothing(self, healthy: Status) -> None:
        settings = healthy.context.settings.model_copy(update={"worker_image": "mine:1"})
        context = Context(settings, healthy.context.names, session=None)  # type: ignore[arg-type]
        for answer in (None, {"ok": True}):
            silent = changed(healthy, report=report(worker=answer))
            assert judge(silent).finding is Condition.WORKER_SILENT
            foreign = changed(silent, context=context)
            assert judge(foreign).finding is Condition.RUNNING
            assert shown(foreign)[0].startswith("✔ Healthy")
            ill = {"worker": SAMPLE["containers"]["worker"] | {"health": "unhealthy"}}
            unhealthy = changed(foreign, report=report(worker=answer, containers=ill))
            assert judge(unhealthy).finding is Condition.WORKER_SILENT

    def test_each_finding_that_is_no_good_is_a_heading(self) -> None:
        good = {
            *(Condition.EARNING, Condition.SUBMITTING),
            *(Condition.WAITING, Condition.RUNNING, Condition.PAUSED),
        }
        assert all(finding.startswith("status-") for finding in set(Condition) - good)


def judged(
    status: Status, *changes: dict[str, Any] | None, last_submission: Any = RETAINED
) -> Status:
    """A status with a topic for each verdict, from 69 on: the sample's, with changes, or none."""
    sample = SAMPLE["worker"]["topics"][0]
    last = sample["last_submission"] if last_submission is RETAINED else last_submission
    topics = [
        sample
        | {"topic_id": 69 + number, "last_submission": last}
        | {"earning": None if change is None else EARNING | change}
        for number, change in enumerate(changes)
    ]
    return changed(status, report=report(worker=SAMPLE["worker"] | {"topics": topics}))


def first_line(status: Status) -> str:
    return shown(status, WIDE)[0]


class TestEarning:
    """The first line is the network's verdict."""

    def test_earning(self, healthy: Status) -> None:
        assert first_line(healthy) == (
            "✔ Earning 1.5 ALLO a day, rank 3 of 32, loss 0.8 × the network's."
        )

    def test_not_in_the_active_set(self, healthy: Status) -> None:
        below = {"state": "not_in_active_set", "score": "0.1204", "threshold": "0.3099"}
        status = judged(healthy, below)
        assert first_line(status) == (
            "✘ Not earning: accepted, but not in the active set (0.12 < 0.31)."
        )
        verdict = judge(status)
        assert (verdict.finding, verdict.is_healthy) == (Condition.NOT_IN_ACTIVE_SET, False)
        assert document_of(status, verdict).as_json()["healthy"] is False

    @pytest.mark.parametrize(
        ("score", "threshold", "expected"),
        [
            ("0.31004", "0.31005", "(0.31004 < 0.31005)"),
            ("-0.2", "-0.1", "(-0.2 < -0.1)"),
            ("0.31", "0.310", "(score 0.31, no more than the lowest in it)"),
            ("0.4", "0.3", "active set."),
        ],
    )
    def test_figures_have_the_digits_that_tell_them_apart(
        self, healthy: Status, score: str, threshold: str, expected: str
    ) -> None:
        below = {"state": "not_in_active_set", "score": score, "threshold": threshold}
        assert expected in first_line(judged(healthy, below))

    @pytest.mark.parametrize("state", sorted(set(Earning) - {Earning.EARNING, Earning.UNKNOWN}))
    def test_nothing_is_earned_whatever_was_accepted(self, healthy: Status, state: Earning) -> None:
        for known in (EARNING, dict.fromkeys(Verdict.model_fields)):
            status = judged(healthy, {**known, "state": state})
            verdict = judge(status)
            assert not verdict.is_healthy
            assert verdict.finding == f"status-{state.replace('_', '-')}"
            assert verdict.remedy
            assert first_line(status).startswith("✘ Not earning: ")

    @pytest.mark.parametrize(
        ("verdict", "reason"),
        [
            (None, "does not tell whether it earns"),
            ({"state": "unknown", "reason": None}, "the network has not judged it yet"),
            ({"state": "unknown", "reason": "the endpoint is silent."}, "the endpoint is silent."),
            ({"state": "of a newer release"}, "does not tell whether it earns"),
            ({"score": "NaN"}, "does not tell whether it earns"),
            ({"score": "1E999999"}, "does not tell whether it earns"),
        ],
    )
    def test_an_accepted_transaction_is_no_earning(
        self, healthy: Status, verdict: dict[str, Any] | None, reason: str
    ) -> None:
        status = judged(healthy, verdict)
        line = first_line(status)
        assert line.startswith("✔ Submitting: the last submission, in topic 69, was ")
        assert reason in line
        assert judge(status).remedy

    @pytest.mark.parametrize("state", [Earning.EARNING, Earning.UNKNOWN, Earning.NO_REWARD])
    def test_a_value_in_the_wrong_unit_is_told_with_the_verdict(
        self, healthy: Status, state: Earning
    ) -> None:
        problem = "64000 is no plausible log return in this horizon"
        topic = SAMPLE["worker"]["topics"][0] | {
            "value_problem": problem,
            "earning": EARNING | {"state": state},
        }
        status = changed(healthy, report=report(worker=SAMPLE["worker"] | {"topics": [topic]}))
        told = f"The model's value is off by orders of magnitude: topic 69: {problem}."
        assert judge(status).sentence.endswith(told)
        assert "off by orders of magnitude" not in judge(healthy).sentence

    def test_the_report_of_an_earlier_release_has_no_verdict(self, healthy: Status) -> None:
        topic = {
            name: value
            for name, value in SAMPLE["worker"]["topics"][0].items()
            if name != "earning"
        }
        status = changed(healthy, report=report(worker=SAMPLE["worker"] | {"topics": [topic]}))
        assert judge(status).finding is Condition.SUBMITTING
        assert "allora deploy" in str(judge(status).remedy)
        assert document_of(status, judge(status)).as_json()["topics"][0]["earning"] is None

    def test_a_verdict_outlives_the_worker_s_last_submission(self, healthy: Status) -> None:
        status = judged(healthy, {}, last_submission=None)
        assert first_line(status).startswith("✔ Earning 1.5 ALLO a day, rank 3 of 32, loss ")
        waiting = judged(healthy, {"state": "unknown"}, last_submission=None)
        assert judge(waiting).finding is Condition.WAITING

    def test_the_worst_of_several_topics_comes_first(self, healthy: Status) -> None:
        status = judged(healthy, {}, {"state": "no_reward"}, {"state": "topic_inactive"})
        assert first_line(status).startswith("✘ Not earning: topic 71: the topic is inactive")
        assert "2 of 3 topics earn nothing" in first_line(status)
        assert list(status.topics) == [71, 70, 69]
        document = document_of(status, judge(status)).as_json()
        assert [topic["topic_id"] for topic in document["topics"]] == [71, 70, 69]

    def test_what_several_topics_earn_is_added_up(self, healthy: Status) -> None:
        status = judged(healthy, {}, {"rewards_allo_a_day": "0.25"})
        assert first_line(status) == "✔ Earning 1.75 ALLO a day in 2 topics."

    @pytest.mark.parametrize(
        ("unknown", "expected"),
        [
            ({"rewards_allo_a_day"}, "0.00625 ALLO in the last epoch, rank 3 of 32"),
            ({"rewards_allo_a_day", "reward_allo"}, "4.81 % of the topic's rewards, rank 3"),
            (set(EARNING) - {"state"}, "a share of the topic's"),
        ],
    )
    def test_what_is_not_known_is_left_out(
        self, healthy: Status, unknown: set[str], expected: str
    ) -> None:
        status = judged(healthy, dict.fromkeys(unknown))
        assert first_line(status).startswith(f"✔ Earning {expected}")

    @pytest.mark.parametrize(
        ("loss", "expected"),
        [("-4.3979", "0.1 ×"), ("-2.3979", "10 ×"), ("-1.3188", "120 ×"), ("300", "1,000,000 ×")],
    )
    def test_losses_are_logarithms(self, healthy: Status, loss: str, expected: str) -> None:
        assert f"loss {expected} the network's" in first_line(judged(healthy, {"loss": loss}))

    @pytest.mark.parametrize("state", ["not_in_active_set", "no_reward"])
    def test_a_reputer_is_told_of_its_stake(self, healthy: Status, state: str) -> None:
        topic = SAMPLE["worker"]["topics"][0] | {"earning": EARNING | {"state": state}}
        for role, has_stake in (("reputer", True), ("inferer", False)):
            worker = SAMPLE["worker"] | {"role": role, "topics": [topic]}
            status = changed(healthy, report=report(worker=worker))
            assert ("add stake" in str(judge(status).remedy)) is has_stake

    def test_large_and_small_amounts_are_written_plainly(self, healthy: Status) -> None:
        for amount, expected in (("12345.6", "12,300"), ("0.0000123", "0.0000123")):
            line = first_line(judged(healthy, {"rewards_allo_a_day": amount}))
            assert line.startswith(f"✔ Earning {expected} ALLO a day")

    def test_the_worker_s_value_stands_beside_the_network_s(self, healthy: Status) -> None:
        rows = "\n".join(shown(healthy, WIDE))
        assert "loss 0.8 × the network's, 0.63 × the naive one\n" in rows
        assert "own value 64,000.5 for nonce 8123396, the network's 63,990.2\n" in rows
        for unknown in (None, "of several", "NaN"):
            status = judged(healthy, {"network_value": unknown, "naive_loss": None})
            assert "for nonce 8123396" not in "\n".join(shown(status, WIDE))
            assert "naive" not in "\n".join(shown(status, WIDE))

    def test_decimals_keep_all_their_digits_in_json(self, healthy: Status) -> None:
        exact = "0.123456789012345678901234567890"
        status = judged(healthy, {"reward_allo": exact})
        (topic,) = document_of(status, judge(status)).as_json()["topics"]
        assert topic["earning"]["reward_allo"] == exact

    @pytest.mark.parametrize(
        ("state", "finding"),
        [("not_whitelisted", Condition.NOT_WHITELISTED), ("unknown", Condition.REFUSED)],
    )
    def test_a_refusal_is_told_by_its_cause(
        self, healthy: Status, state: str, finding: Condition
    ) -> None:
        topic = SAMPLE["worker"]["topics"][0] | {
            "earning": EARNING | {"state": state},
            "state": "refused",
            "reason": "the wallet may not",
        }
        worker = SAMPLE["worker"] | {"status": "unhealthy", "topics": [topic]}
        assert judge(changed(healthy, report=report(worker=worker))).finding is finding

    def test_a_wrong_unit_is_told_with_the_verdict_that_it_causes(self, healthy: Status) -> None:
        topic = SAMPLE["worker"]["topics"][0] | {
            "earning": EARNING | {"state": "no_reward"},
            "value_problem": "64000 is 10^6 times the network's 0.064",
        }
        status = changed(healthy, report=report(worker=SAMPLE["worker"] | {"topics": [topic]}))
        assert judge(status).finding is Condition.NO_REWARD
        assert "10^6 times the network's" in judge(status).sentence

    def test_an_alarm_does_not_hide_the_verdict(self, healthy: Status) -> None:
        status = judged(healthy, {"state": "no_reward"})
        ringing = changed(status, alarms=[alarm("not-earning", "ALARM")])
        assert judge(ringing).finding is Condition.NO_REWARD
        assert "✘ not-earning" in "\n".join(shown(ringing))


class TestDocument:
    def test_its_schema_is_up_to_date(self) -> None:
        assert SCHEMA.read_text("utf-8") == schema_text(), (
            "docs/status.schema.json is stale: run python -m allora_cli.status.document"
        )

    def test_members_that_scripts_rely_on(self, healthy: Status) -> None:
        document = document_of(healthy, judge(healthy)).as_json()
        assert document["at"] == "2026-11-22T12:00:30+00:00"
        assert document["hours"][0].keys() == {
            *("from", "submissions", "failures"),
            *("rewards_allo", "scores"),
        }
        assert document["cost"] == {"so_far_usd": 3.4, "monthly_usd": 37.0, "is_estimate": True}
        assert document["containers"]["model"].keys() == {
            "state", "health", "started_at", "restarts", "image", "commit",
        }  # fmt: skip


class TestScreen:
    def test_fits_80_columns_and_24_rows(self, healthy: Status) -> None:
        rows = shown(healthy, 80)
        assert len(rows) <= 24
        assert max(map(len, rows)) <= 80

    def test_fees_are_shown_with_their_limits(self, healthy: Status) -> None:
        [row] = [row for row in shown(healthy) if row.startswith("Wallet")]
        assert row.endswith("2.5 ALLO; fees 0.0027 of 1 a day")

    def test_a_worker_that_tells_no_fees_is_shown_without(self, healthy: Status) -> None:
        worker = {name: v for name, v in SAMPLE["worker"].items() if name != "fees"}
        status = changed(healthy, report=report(worker=worker))
        assert not [row for row in shown(status) if "fees" in row]
        assert document_of(status, judge(status)).fees is None

    def test_worst_case_fits_30_rows_of_100_columns(self, healthy: Status) -> None:
        topics = [
            SAMPLE["worker"]["topics"][0]
            | {"topic_id": number, "state": "failing", "reason": f"{number} {REASON}"}
            for number in range(69, 79)
        ]
        worker = SAMPLE["worker"] | {"status": "unhealthy", "topics": topics}
        status = changed(
            healthy,
            report=report(worker=worker, reboot_required=True, model_commit="c" * 40),
            alarms=[alarm(f"alarm-{number}", "ALARM") for number in range(5)],
            last_day=unknown(REASON),
            cost=unknown(REASON),
        )
        rows = shown(status)
        assert len(rows) <= 30, "\n".join(rows)
        assert "and 7 more: --json has them" in "\n".join(rows)
        assert "and 2 more: --json has them" in "\n".join(rows)

    def test_the_explorer_s_pages_of_wallet_and_newest_transaction(self, healthy: Status) -> None:
        rows = shown(healthy, WIDE)
        explorer = "https://explorer.testnet.allora.network/allora-testnet-1"
        assert f"Account    {explorer}/account/{SAMPLE['worker']['address']}" in rows
        assert f"Latest     {explorer}/tx/A1B2C3" in rows
        document = document_of(healthy, judge(healthy)).as_json()
        assert document["wallet"]["explorer_url"].endswith(SAMPLE["worker"]["address"])
        assert document["topics"][0]["last_submission"]["explorer_url"] == f"{explorer}/tx/A1B2C3"

    def test_without_a_worker_there_is_nothing_to_explore(self, healthy: Status) -> None:
        assert explorer_lines(changed(healthy, report=report(worker=None))) == []

    def test_watching_cuts_no_url(self, healthy: Status, monkeypatch: pytest.MonkeyPatch) -> None:
        url = "https://console.example/" + "x" * 150
        long = changed(healthy, deployment=Deployment("i-1", "198.51.100.7", url))
        for height, with_explorer in ((23, False), (30, True)):
            file = io.StringIO()
            page = Console(
                file=file, width=80, height=height, force_terminal=True, color_system=None
            )
            monkeypatch.setattr(console, "page", page)
            with Live(console=page, screen=True) as live:
                live.update(watching.page(long, HostView(), None), refresh=True)
            text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\s", "", file.getvalue())
            assert url in text
            assert ("/account/" in text) is with_explorer

    def test_one_long_alarm_is_shown_whole(self, healthy: Status) -> None:
        rows = shown(changed(healthy, alarms=[alarm("disk-full", "ALARM")]))
        assert " ".join(" ".join(rows).split()).count(REASON.strip()) == 1


class TestPlot:
    def test_fits(self, healthy: Status) -> None:
        assert isinstance(healthy.last_day, LastDay)
        for width, limit in ((100, 80), (80, 80), (60, 60)):
            rows = str(plot(healthy.last_day.hours, width)).splitlines()
            assert max(map(len, rows)) <= limit

    @pytest.mark.parametrize("peak", [1, 6, 7, 60, 61, 5000])
    def test_scale_has_six_rows_at_most_and_ends_above_the_peak(self, peak: int) -> None:
        hours = {NOW - timedelta(hours=hour): Windows(0, 0) for hour in range(24)}
        rows = str(plot(hours | {NOW: Windows(peak, 0)}, 80)).splitlines()
        bars = [row for row in rows if "┤" in row]
        assert len(bars) <= 6
        assert int(bars[0].split("┤")[0]) >= peak

    def test_a_single_lost_window_is_seen(self) -> None:
        text = str(plot({NOW: Windows(500, 1)}, 80))
        assert text.count("xx") == 2  # the legend, and the bar
        assert str(plot({NOW: Windows(1, 500)}, 80)).count("██") == 2

    def test_labels_stand_under_their_bars(self) -> None:
        midnight = datetime(2026, 11, 22, tzinfo=UTC)
        hours = {midnight + timedelta(hours=hour): Windows(0, 0) for hour in range(24)}
        for width, bar in ((80, 3), (60, 2)):
            rows = str(plot(hours | {midnight: Windows(1, 0)}, width)).splitlines()
            for hour in range(0, 24, 3):
                assert rows[-1][5 + hour * bar :].startswith(f"{hour:02d}")

    def test_rewards_and_scores_stand_under_their_hours(self) -> None:
        midnight = datetime(2026, 11, 22, tzinfo=UTC)
        hours = {midnight + timedelta(hours=hour): Windows() for hour in range(24)}
        at = [midnight + timedelta(hours=hour) for hour in (0, 3, 23)]
        day = LastDay(
            Windows(1, 0),
            hours | {midnight: Windows(1, 0)},
            rewards={at[0]: 0.75, at[1]: 0.25, at[2]: 0.0},
            scores={69: {at[0]: -1, at[2]: 1}, 70: {at[1]: 0.5}},
        )
        for width, bar in ((80, 2), (60, 1)):
            rows = str(plot_day(day, width)).splitlines()[-6:]
            assert rows[0] == "Rewards, ALLO: 1 in all, at most 0.75 an hour"
            assert rows[1][5:].split() == ["█" * bar, "▃" * bar, "▁" * bar]
            assert rows[1].index("▃") == 5 + 3 * (bar + 1)
            assert rows[2] == "Score, topic 69: 1, between -1 and 1"
            assert rows[3][5:].split() == ["▁" * bar, "█" * bar]
            assert rows[5].strip() == "▄" * bar  # one value alone has no scale
            assert max(map(len, rows)) <= width

    def test_without_rewards(self, healthy: Status) -> None:
        assert "No rewards in the last 24 hours." in shown(healthy, with_plot=True)

    def test_nothing(self) -> None:
        assert str(plot({NOW: Windows()}, 80)).startswith("No submission windows")


class TestText:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("\x1b[1;31mred\x1b[0m", "red"),
            ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
            ("a\nb\rc\x00d\x9be", "a\\x0ab\\x0dc\\x00d\\x9be"),
            ("\u202egnp.exe", "\\u202egnp.exe"),
            ("\ud800", "\\ud800"),
            ("[bold]für 東京\t✔ 👩‍🔬", "[bold]für 東京\t✔ 👩‍🔬"),
        ],
    )
    def test_clean(self, text: str, expected: str) -> None:
        assert clean(text) == expected

    def test_cleaned_reaches_everything(self) -> None:
        assert cleaned({"a\x07": [{"b": "\x1b"}, 1, None]}) == {"a\\x07": [{"b": "\\x1b"}, 1, None]}

    @pytest.mark.parametrize(
        ("seconds", "expected"),
        [
            (-5, "0 seconds"),
            (1, "1 second"),
            (59.9, "59 seconds"),
            (60, "1 minute"),
            (7199, "119 minutes"),
            (7200, "2 hours"),
            (86400, "24 hours"),
            (172800, "2 days"),
        ],
    )
    def test_duration(self, seconds: float, expected: str) -> None:
        assert duration(timedelta(seconds=seconds)) == expected

    def test_worker_s_line_with_unforeseen_fields(self) -> None:
        text = json.dumps({"event": "new", "level": 7, "message": None, "x": {"y": "\x1b"}})
        assert '{"y": "\\u001b"}' in str(text_of(Part.WORKER, line("1", text=text)))

    @pytest.mark.parametrize("text", ["", "not json", "[1]", "{}", '{"time": "x"}', '"event"'])
    def test_lines_of_a_worker_that_is_not_ours(self, text: str) -> None:
        assert str(text_of(Part.WORKER, Line("1", NOW, text))).endswith(f"Z {text}")

    @pytest.mark.parametrize(
        "document", ["", "[]", "{}", '{"worker": {"topics": 7}}', TIME_WITHOUT_ZONE, "no json"]
    )
    def test_report_that_is_none(self, document: str) -> None:
        status = parse_status(line("1", text=document or "x"))
        assert status is None or status.worker is None


class TestSince:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("15m", NOW - timedelta(minutes=15)),
            ("2h", NOW - timedelta(hours=2)),
            ("1d", NOW - timedelta(days=1)),
            ("2026-11-22T10:00", datetime(2026, 11, 22, 10, tzinfo=UTC)),
            ("2026-11-22 10:00:01Z", datetime(2026, 11, 22, 10, 0, 1, tzinfo=UTC)),
            ("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
        ],
    )
    def test_times(self, text: str, expected: datetime) -> None:
        assert parse_since(text, NOW) == expected

    @pytest.mark.parametrize("text", ["", "1", "1y", "-1h", "noon", "2026-13-01", "٣h"])
    def test_no_times(self, text: str) -> None:
        with pytest.raises(ValueError, match=r".*"):
            parse_since(text, NOW)


class Stream:
    """A log stream whose lines come as a test wants it."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.fails_after: int | None = None
        self.asked: list[datetime | None] = []

    def read(self, since: datetime | None) -> Iterator[Line]:
        self.asked.append(since)
        lines = sorted(self.lines, key=lambda each: each.at)
        for number, each in enumerate(lines):
            if number == self.fails_after:
                raise ReadTimeoutError(endpoint_url="x")
            if since is None or each.at >= since:
                yield each


class TestFollower:
    def test_old_lines_come_at_once_and_new_ones_once_settled(self) -> None:
        stream = Stream()
        follower = Follower(stream.read, None)
        stream.lines = [line("old", NOW - timedelta(minutes=5)), line("new", NOW)]
        assert ids(follower.poll(NOW)) == ["old"]
        assert ids(follower.poll(NOW + timedelta(seconds=2))) == ["new"]
        assert follower.poll(NOW + timedelta(seconds=4)) == []

    def test_older_line_that_comes_a_poll_later_is_put_before(self) -> None:
        stream = Stream()
        follower = Follower(stream.read, None)
        stream.lines = [line("second", NOW)]
        assert follower.poll(NOW) == []
        stream.lines.append(line("first", NOW - timedelta(milliseconds=1)))
        stream.lines.append(line("same", NOW))
        assert ids(follower.poll(NOW + timedelta(seconds=2))) == ["first", "second", "same"]

    def test_line_that_is_much_too_late_comes_all_the_same_and_once(self) -> None:
        stream = Stream()
        follower = Follower(stream.read, None)
        stream.lines = [line("a", NOW - timedelta(seconds=20))]
        assert ids(follower.poll(NOW)) == ["a"]
        stream.lines.append(line("late", NOW - timedelta(seconds=75)))
        assert ids(follower.poll(NOW)) == ["late"]
        assert follower.poll(NOW) == []

    def test_many_lines_of_one_millisecond(self) -> None:
        stream = Stream()
        follower = Follower(stream.read, None)
        got = []
        for second in range(30):
            now = NOW + timedelta(seconds=second)
            stream.lines += [line(f"{second}-{number}", now) for number in range(20)]
            got += ids(follower.poll(now))
        got += ids(follower.rest())
        assert got == [each.id for each in stream.lines]

    def test_reads_a_minute_again_but_never_before_since(self) -> None:
        stream = Stream()
        begin = NOW - timedelta(minutes=10)
        follower = Follower(stream.read, begin)
        stream.lines = [line("a", NOW - timedelta(minutes=9, seconds=30))]
        follower.poll(NOW)
        stream.lines.append(line("b", NOW - timedelta(minutes=2)))
        follower.poll(NOW)
        follower.poll(NOW)
        assert stream.asked == [begin, begin, NOW - timedelta(minutes=3)]

    def test_clock_that_was_ahead_hides_no_line(self) -> None:
        stream = Stream()
        follower = Follower(stream.read, None)
        stream.lines = [line("from the future", NOW + timedelta(hours=1))]
        follower.poll(NOW)
        stream.lines.append(line("present", NOW + timedelta(seconds=1)))
        later = NOW + timedelta(seconds=2)
        assert ids([*follower.poll(later), *follower.poll(later)]) == ["present", "from the future"]

    def test_connection_that_breaks_halfway_loses_nothing(self) -> None:
        stream = Stream()
        follower = Follower(stream.read, None)
        stream.lines = [line(str(number), NOW - timedelta(minutes=1)) for number in range(4)]
        stream.fails_after = 2
        with pytest.raises(ReadTimeoutError):
            follower.poll(NOW)
        stream.fails_after = None
        assert ids(follower.poll(NOW)) == ["0", "1", "2", "3"]

    def test_ctrl_c_shows_what_waits(self, capsys: pytest.CaptureFixture[str]) -> None:
        class Reader:
            whose = "the host"

            def follow(self, since: datetime | None) -> Iterator[list[Entry] | Note]:
                assert since is None
                yield [Entry({}, line("shown", NOW))]
                raise KeyboardInterrupt

            def rest(self) -> list[Entry]:
                return [Entry({}, line("waiting", NOW))]

        with pytest.raises(KeyboardInterrupt):
            log_output.follow(Reader(), log_output.View(Part.MODEL, raw=True), None, None)  # type: ignore[arg-type]
        assert capsys.readouterr().out == "shown\nwaiting\n"


class TestQuestions:
    def test_are_asked_at_the_same_time(self) -> None:
        together = threading.Barrier(3, timeout=30)
        questions = [Question(together.wait) for _ in range(3)]
        assert sorted(str(question.answer()) for question in questions) == ["0", "1", "2"]

    @pytest.mark.parametrize(
        ("code", "status", "is_passing"),
        [
            ("AccessDeniedException", 400, False),
            ("ThrottlingException", 400, True),
            ("ServiceUnavailableException", 503, True),
        ],
    )
    def test_refusal_is_an_answer(self, code: str, status: int, *, is_passing: bool) -> None:
        def refuse() -> None:
            raise ClientError(
                {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
                "DescribeAlarms",
            )

        answer = Question(refuse).answer()
        assert isinstance(answer, Unknown)
        assert answer.is_passing is is_passing

    def test_fault_of_ours_is_no_answer(self) -> None:
        def fail() -> None:
            raise KeyError("ours")

        with pytest.raises(KeyError):
            Question(fail).answer()


def ids(lines: list[Line]) -> list[str]:
    return [each.id for each in lines]
