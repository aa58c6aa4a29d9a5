"""`allora status` on the embedded AWS."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from devtools.embedded_aws.emulator import Emulator
from settings import load_settings
from settings.names import Names
from shared.alarm_remedies import REMEDIES, AlarmId
from shared.host_events import Code
from tests.local.interposer import Refusal
from tests.local.reported import STATUS, ReportedHost
from tests.local.stage import COLUMNS, DASHBOARD, ROWS, Stage
from tests.local.template import Deployed
from tests.price_server import PriceServer


@pytest.fixture
def stage(emulator: Emulator, tmp_path: Path, prices: PriceServer) -> Iterator[Stage]:
    with closing(Stage(emulator, tmp_path)) as stage:
        stage.deployment.variables["AWS_ENDPOINT_URL_PRICING"] = prices.url
        yield stage


@pytest.fixture
def prefix(stage: Stage) -> str:
    """What the alarms' names begin with."""
    settings = load_settings(stage.deployment.directory / "env", {})
    return f"{Names(settings).in_region}-"


def seen(stage: Stage, *arguments: str) -> dict[str, Any]:
    """What `allora status --json` prints on stdout, with its exit code."""
    result = stage.deployment.allora_apart("status", "--json", *arguments)
    document: dict[str, Any] = json.loads(result.stdout)
    return document | {"exit_code": result.returncode}


def worker(**changes: Any) -> dict[str, Any]:
    return {**STATUS["worker"], "status": "unhealthy", **changes}


def topic(state: str, reason: str | None) -> dict[str, Any]:
    return {**STATUS["worker"]["topics"][0], "state": state, "reason": reason}


def put_windows(
    stage: Stage, at: datetime, *, submissions: int = 0, failures: int = 0, name: str = "worker"
) -> None:
    put_metric(stage, "Submissions", at, *[1] * submissions, *[0] * failures, WorkerName=name)


def put_metric(stage: Stage, metric: str, at: datetime, *values: float, **dimensions: str) -> None:
    stage.cloudwatch.put_metric_data(
        Namespace="Allora",
        MetricData=[
            {
                "MetricName": metric,
                "Dimensions": [{"Name": name, "Value": text} for name, text in dimensions.items()],
                "Timestamp": at,
                "Value": value,
            }
            for value in values
        ],
    )


def put_alarm(stage: Stage, name: str, description: str, state: str) -> None:
    stage.cloudwatch.put_metric_alarm(
        AlarmName=name,
        AlarmDescription=description,
        Namespace="Allora",
        MetricName="Balance",
        Statistic="Maximum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="LessThanThreshold",
    )
    stage.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")


class TestHealthy:
    def test_one_screen_tells_everything(self, stage: Stage, prefix: str) -> None:
        now = datetime.now(UTC)
        last = STATUS["worker"]["topics"][0]["last_submission"] | {"at": now.isoformat()}
        topics = [STATUS["worker"]["topics"][0] | {"last_submission": last}]
        stage.host.status(
            worker=STATUS["worker"] | {"topics": topics}, model_commit="0123456789abcdef"
        )
        put_windows(stage, now - timedelta(hours=3), submissions=35, failures=1)
        put_alarm(stage, f"{prefix}disk-full", "Full. To do: less.", "OK")
        put_alarm(stage, f"{prefix}balance-low", "Low. To do: more.", "INSUFFICIENT_DATA")
        put_alarm(stage, "somebody-elses", "Not ours.", "ALARM")
        shown = stage.deployment.allora("status")
        assert shown.returncode == 0, shown.output
        lines = [line for line in shown.output.splitlines() if not line.startswith("Asking AWS")]
        assert lines[0].startswith("✔ Earning 1.5 ALLO a day, rank 3 of 32, loss 0.8 × ")
        assert len(lines) <= 24
        for fact in (
            stage.host.instance_id,
            "t3.medium",
            "running",
            "us-east-1a",
            "Ubuntu 24.04.3 LTS",
            "disk 21 %, memory 19 %",
            "commit 0123456789ab",
            "image 4f7c",
            "Allora SDK 1.3.0, testnet, inferer",
            "score 0.431",
            "64000.5 for nonce 8123456",
            "transaction A1B2C3",
            "97.2 % success: submitted in 35 of 36 windows",
            "allo19rl4cm2hmr8afy4kldpxz3fka4jguq0at5h0x9  2.5 ALLO",
            "none of 2 on, 1 without data",
            "USD this month so far (estimate; ",
            "#dashboards/dashboard/allora",
        ):
            assert fact in shown.output, (fact, shown.output)
        assert "somebody-elses" not in shown.output

    def test_cost_without_prices(self, stage: Stage) -> None:
        stage.deployment.variables.clear()  # the embedded AWS has none
        stage.host.status()
        shown = stage.deployment.allora("status")
        assert "? no prices from AWS: https://calculator.aws/ has them" in shown.output
        assert seen(stage)["cost"] == {
            "so_far_usd": None, "monthly_usd": None, "is_estimate": True
        }  # fmt: skip

    def test_json_has_numbers_and_times(self, stage: Stage) -> None:
        now = datetime.now(UTC)
        stage.host.status()
        put_windows(stage, now - timedelta(minutes=1), submissions=3, failures=1)
        put_windows(stage, now - timedelta(hours=23, minutes=50), submissions=5)
        put_windows(stage, now - timedelta(hours=25), submissions=100)
        put_windows(stage, now, submissions=1000, name="another-worker")
        put_metric(stage, "Rewards", now - timedelta(minutes=1), 0.5, 0.25, WorkerName="worker")
        put_metric(stage, "Score", now, 0.4, WorkerName="worker", TopicId="69")
        document = seen(stage)
        assert document["exit_code"] == 0
        assert (document["healthy"], document["finding"]) == (True, "earning")
        assert document["last_24_hours"] == {
            "submissions": 8,
            "failures": 1,
            "success_rate": pytest.approx(8 / 9),
            "rewards_allo": 0.75,
        }
        assert sum(hour["rewards_allo"] for hour in document["hours"]) == 0.75
        assert document["hours"][-1]["scores"] == {"69": 0.4}
        assert sum(hour["submissions"] for hour in document["hours"]) == 8
        assert len(document["hours"]) == 25
        (only,) = document["topics"]
        assert only["last_submission"]["value"] == 64000.5
        assert only["last_submission"]["nonce"] == 8123456
        assert document["wallet"]["balance_allo"] == 2.5
        assert document["cost"]["is_estimate"] is True
        assert 0 <= document["cost"]["so_far_usd"] <= document["cost"]["monthly_usd"]
        for time in (document["at"], document["host"]["launched_at"], document["report"]["at"]):
            assert datetime.fromisoformat(time).tzinfo is not None
        assert document["unknown"] == {}

    def test_waits_for_its_first_window(self, stage: Stage) -> None:
        topics = [STATUS["worker"]["topics"][0] | {"last_submission": None, "earning": None}]
        stage.host.status(worker=STATUS["worker"] | {"topics": topics})
        document = seen(stage)
        assert (document["exit_code"], document["finding"]) == (0, "waiting")

    def test_one_topic_of_two_is_refused(self, stage: Stage) -> None:
        stage.deployment.write_env(ALLORA_WORKER_TOPIC_ID="69,70")
        topics = [
            STATUS["worker"]["topics"][0],
            topic("refused", "the wallet is not on the whitelist") | {"topic_id": 70},
        ]
        stage.host.status(worker=STATUS["worker"] | {"topics": topics})
        shown = stage.deployment.allora("status")
        assert shown.returncode == 0
        assert "topic 70: the wallet is not on the whitelist" in " ".join(shown.output.split())


class TestUnhealthy:
    def test_not_deployed(self, stage: Stage) -> None:
        stage.write_state()
        shown = stage.deployment.allora("status")
        assert shown.returncode == 1
        assert "allora deploy" in shown.output
        assert seen(stage)["error"]["trouble"] == "not-deployed"

    @pytest.mark.parametrize(
        ("action", "state"), [("stop_instances", "stopped"), ("terminate_instances", "terminated")]
    )
    def test_host_does_not_run(self, stage: Stage, action: str, state: str) -> None:
        stage.host.status()
        getattr(stage.ec2, action)(InstanceIds=[stage.host.instance_id])
        document = seen(stage)
        assert document["exit_code"] == 3
        assert document["host"]["state"] == state
        assert document["host"]["up_since"] is None
        assert document["remedy"]

    def test_the_dashboard_s_url_is_printed(self, stage: Stage) -> None:
        shown = stage.deployment.allora("dashboard")
        assert shown.returncode == 0
        assert shown.output.splitlines()[0] == DASHBOARD
        document = json.loads(stage.deployment.allora_apart("dashboard", "--json").stdout)
        assert document == {"dashboard_url": DASHBOARD}

    def test_host_that_ec2_does_not_know_any_more(self, stage: Stage) -> None:
        stage.write_state(instance_id="i-0123456789abcdef0", public_ip="x", dashboard_url="x")
        document = seen(stage)
        assert (document["exit_code"], document["finding"]) == (3, "status-host-gone")
        shown = stage.deployment.allora("status")
        assert "does not know it any more" in shown.output

    def test_host_is_new_and_tells_what_it_does(self, stage: Stage) -> None:
        assert seen(stage)["finding"] == "status-embedded-aws"
        stage.host.step(3)
        stage.host.boot("Step 1/12 : FROM python")
        document = seen(stage)
        assert (document["exit_code"], document["finding"]) == (3, "status-setting-up")
        assert "[3/6] Configure Docker: done" in document["sentence"]
        assert "logs boot -f" in document["remedy"]

    def test_first_start_failed(self, stage: Stage) -> None:
        stage.host.step(3)
        remedy = "Store it: allora secret set mnemonic"
        stage.host.obstacle(Code.SECRETS_UNAVAILABLE, remedy, needs_operator=True)
        stage.host.boot("systemd: allora.service failed")
        stage.host.status(
            containers={"worker": {"state": None, "health": None}, "model": None}, worker=None
        )
        document = seen(stage)
        assert (document["exit_code"], document["finding"]) == (3, "status-boot-failed")
        assert remedy in document["sentence"]
        assert (
            document["progress"].items()
            >= {
                "text": f"waiting: {remedy}",
                "event": "worker",
                "state": "waiting",
                "code": "secrets_unavailable",
                "needs_operator": True,
            }.items()
        )

    def test_report_is_old(self, stage: Stage) -> None:
        stage.host.ready()
        stage.host.status(at=datetime.now(UTC) - timedelta(minutes=14))
        document = seen(stage)
        assert (document["exit_code"], document["finding"]) == (3, "status-no-report")
        assert re.search("1[45] minutes", document["sentence"])
        assert 14 * 60 <= document["report"]["age_seconds"] < 16 * 60
        shown = stage.deployment.allora("status")
        assert "docs/operations.md#status-no-report" in shown.output
        assert re.search("reported 1[45] minutes ago", shown.output)

    def test_reports_of_another_host_do_not_count(self, stage: Stage) -> None:
        before = stage.host
        stage.launch()
        before.status()
        stage.host.ready()
        document = seen(stage)
        assert (document["finding"], document["report"]) == ("status-no-report", None)

    @pytest.mark.parametrize(
        ("changes", "finding", "reason"),
        [
            (
                {"worker": worker(topics=[topic("refused", "fund allo1xyz at the faucet")])},
                "status-refused",
                "fund allo1xyz",
            ),
            (
                {"worker": worker(topics=[topic("chain_unavailable", "grpc is silent")])},
                "status-chain-unavailable",
                "grpc is silent",
            ),
            (
                {
                    "worker": worker(
                        topics=[topic("failing", "model: answers 500")],
                        model={"state": "failing", "reason": "answers 500"},
                    )
                },
                "status-model-failing",
                "answers 500",
            ),
            (
                {"worker": worker(topics=[topic("failing", "the window closed")])},
                "status-windows-lost",
                "the window closed",
            ),
            (
                {
                    "worker": worker(
                        topics=[STATUS["worker"]["topics"][0] | {"state": "starting"}],
                        reason="topic 69: starting",
                    )
                },
                "status-registering",
                "topic 69: starting",
            ),
            (
                {
                    "worker": worker(
                        status="healthy",
                        topics=[topic("waiting", None) | {"earning": {"state": "no_reward"}}],
                    )
                },
                "status-no-reward",
                "not rewarded",
            ),
            ({"worker": None}, "status-worker-silent", "does not answer"),
            (
                {
                    "worker": None,
                    "containers": STATUS["containers"]
                    | {"worker": {"state": "restarting", "restarts": 7}},
                },
                "status-worker-down",
                "restarting, after 7 restarts",
            ),
            (
                {
                    "containers": STATUS["containers"]
                    | {"model": STATUS["containers"]["model"] | {"health": "unhealthy"}}
                },
                "status-model-down",
                "unhealthy",
            ),
        ],
    )
    def test_worker(self, stage: Stage, changes: Any, finding: str, reason: str) -> None:
        stage.host.ready()
        stage.host.status(**changes)
        document = seen(stage)
        assert (document["exit_code"], document["finding"]) == (3, finding)
        assert reason in document["sentence"]
        assert document["remedy"]

    def test_alarm_is_on(self, stage: Stage, prefix: str) -> None:
        stage.host.status()
        put_alarm(stage, f"{prefix}disk-full", "Full. To do: remove something.", "ALARM")
        shown = stage.deployment.allora("status")
        assert shown.returncode == 3
        assert "✘ Attention" in shown.output
        assert "Full. To do: remove something." in shown.output
        assert "docs/operations.md#status-alarm" in shown.output
        put_alarm(stage, f"{prefix}balance-low", "Low.", "ALARM")
        put_alarm(stage, f"{prefix}of-their-own", "Whatever it is.", "ALARM")
        together = " ".join(stage.deployment.allora("status").output.split())
        assert "du -xh --max-depth 3" in together
        assert "send ALLO to the address" in together
        assert "Whatever it is." in together
        assert "3 of 3 on" in together
        remedies = {each["name"]: each["remedy"] for each in seen(stage)["alarms"]}
        assert remedies == {
            f"{prefix}disk-full": REMEDIES[AlarmId.DISK_FULL],
            f"{prefix}balance-low": REMEDIES[AlarmId.BALANCE_LOW],
            f"{prefix}of-their-own": "Whatever it is.",
        }

    def test_what_others_wrote_does_nothing_to_the_terminal(self, stage: Stage) -> None:
        evil = "[red]\x1b]0;title\x07\x1b[2J\u202e\ud800\nnext"
        stage.host.status(worker=worker(topics=[topic("failing", evil)]))
        shown = stage.deployment.allora("status")
        assert shown.returncode == 3, shown.output
        assert "[red]" in shown.output
        for character in "\x1b\x07\u202e":
            assert character not in shown.output


class TestRefusedParts:
    @pytest.mark.parametrize(
        ("action", "part"),
        [
            ("DescribeAlarms", "alarms"),
            ("GetMetricData", "last_day"),
            ("DescribeInstances", "host"),
        ],
    )
    def test_is_a_question_mark_and_the_rest_is_shown(
        self, stage: Stage, action: str, part: str
    ) -> None:
        stage.host.status()
        with stage.way() as way:
            way.refusals[action] = Refusal("AccessDeniedException")
            shown = stage.deployment.allora("status")
            document = seen(stage)
        assert shown.returncode == 0, shown.output
        assert shown.output.count("? You may not do that") == 1 + (part == "host")  # and the cost
        assert "64000.5" in shown.output
        assert document["unknown"][part]["trouble"] == "access-denied"
        assert action in document["unknown"][part]["message"]

    def test_reports_cannot_be_read(self, stage: Stage) -> None:
        stage.host.status()
        with stage.way() as way:
            way.refusals["GetLogEvents"] = Refusal("AccessDeniedException")
            document = seen(stage)
        assert (document["exit_code"], document["finding"]) == (3, "status-unknown")
        assert document["host"]["state"] == "running"

    def test_aws_is_out_of_reach(self, stage: Stage) -> None:
        with stage.way() as way:
            way.is_open = False
            shown = stage.deployment.allora("status")
        assert shown.returncode == 1
        assert "AWS does not answer" in shown.output
        assert "Traceback" not in shown.output


class TestPlot:
    def test_bars_fit_80_columns_and_need_no_colours(self, stage: Stage) -> None:
        stage.host.status()
        put_windows(stage, datetime.now(UTC), submissions=4, failures=2)
        put_windows(stage, datetime.now(UTC) - timedelta(hours=5), submissions=6)
        shown = stage.deployment.allora("status", "--plot").output
        assert "submitted" in shown
        assert "No rewards in the last 24 hours." in shown
        bars = [line for line in shown.splitlines() if "┤" in line]
        assert len(bars) == 6
        assert bars[0].rstrip().endswith("xx")
        assert bars[-1].count("██") == 2
        assert max(map(len, bars)) <= 80

    def test_no_windows(self, stage: Stage) -> None:
        stage.host.status()
        shown = stage.deployment.allora("status", "--plot").output
        assert "No submission windows in the last 24 hours" in shown


class TestWatch:
    def test_fills_the_screen_and_ctrl_c_ends_it(self, stage: Stage) -> None:
        stage.host.status()
        put_windows(stage, datetime.now(UTC), submissions=4)
        terminal = stage.spawn("status", "--watch")
        terminal.expect("dashboards/dashboard/allora")
        lines = terminal.display.splitlines()
        assert len(lines) <= ROWS
        assert max(map(len, lines)) <= COLUMNS
        assert "Ctrl-C ends it" in lines[0]
        assert lines[1].startswith("✔ Earning")
        assert terminal.interrupt() == 0
        assert b"\x1b[?1049l" in terminal.received  # the screen is as it was
        assert "✔ Earning" in terminal.display.splitlines()[-1]
        assert "Traceback" not in terminal.display

    def test_goes_on_when_aws_does_not_answer(self, stage: Stage) -> None:
        stage.host.status()
        with stage.way() as way:
            terminal = stage.spawn("status", "--watch")
            terminal.expect("Earning")
            way.is_open = False
            terminal.expect("AWS does not answer")
            stage.host.status(worker=None)
            way.is_open = True
            terminal.expect("and does not answer")  # the worker's turn
            assert terminal.interrupt() == 0

    def test_json_is_a_line_each_time(self, stage: Stage) -> None:
        stage.host.status()
        terminal = stage.spawn("status", "--watch", "--json")
        terminal.expect('"unknown": {}}')
        stage.host.status(worker=None)
        terminal.expect('"healthy": false')
        terminal.expect('"unknown": {}}')
        assert terminal.interrupt() == 0
        lines = [
            line[line.index(b"{") :] for line in terminal.received.splitlines() if b"{" in line
        ]
        healthy = [json.loads(line)["healthy"] for line in lines]
        assert (healthy[0], healthy[-1]) == (True, False)

    def test_not_deployed(self, stage: Stage) -> None:
        stage.write_state()
        assert stage.deployment.allora("status", "--watch").returncode == 1


def test_what_terraform_has_deployed(deployed: Deployed) -> None:
    """The real state, the real alarms, and the real names of the log groups."""
    instance_id = deployed.outputs["instance_id"]
    logs = deployed.deployment.client("logs")
    host = ReportedHost(logs, instance_id)
    host.status()
    cloudwatch = deployed.deployment.client("cloudwatch")
    alarm = cloudwatch.describe_alarms()["MetricAlarms"][0]
    before = deployed.deployment.allora("status")
    assert before.returncode == 0, before.output
    assert f"none of {len(cloudwatch.describe_alarms()['MetricAlarms'])} on" in before.output
    assert deployed.outputs["dashboard_url"] in before.output
    cloudwatch.set_alarm_state(AlarmName=alarm["AlarmName"], StateValue="ALARM", StateReason="test")
    after = deployed.deployment.allora("status")
    assert after.returncode == 3
    words = alarm["AlarmDescription"].split()[:8]
    assert " ".join(words) in " ".join(after.output.split())
