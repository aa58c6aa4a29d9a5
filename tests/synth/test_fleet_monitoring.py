"""The alarms and the dashboard of a fleet: what they say, and that what they look at exists."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from constructs_lib.alarms import Limits
from constructs_lib.fleet.alarms import fleet_alarms
from constructs_lib.metrics import FleetSources
from containers.worker.allora_worker import metric_names
from shared.alarm_remedies import FLEET_REMEDIES, FleetAlarmId
from shared.stacks import COMMON, FLEET
from tests.synth.test_alarm_entries import COMMANDS, RUNBOOK
from tests.synth.test_fleet_stack import Synth, fleet
from tests.synth.test_monitoring import LONG, alarms, dashboard, looked_at, widgets

__all__ = ["fleet"]

HUNDRED = "".join(f"[workers.w{number}]\n" for number in range(100))
MIXED = """
[workers.a]
[workers.b]
ALLORA_NETWORK = "mainnet"
ALLORA_WORKER_TOPIC_ID = 1
[workers.c]
paused = true
[workers.d]
ALLORA_WORKER_IMAGE = "example.org/worker:1.0"
"""


class TestAlarms:
    def test_there_are_as_many_for_a_hundred_workers_as_for_one(self, fleet: Synth) -> None:
        one, hundred = (alarms(fleet(text)[FLEET]) for text in ("[workers.a]", HUNDRED))
        assert set(one) == set(hundred) == set(FleetAlarmId) == set(FLEET_REMEDIES)
        assert {id_ for id_ in one if one[id_] != hundred[id_]} == {"worker-missing"}

    def test_all_that_is_looked_at_is_emitted_and_the_other_way_round(self, fleet: Synth) -> None:
        """Each metric costs money; `tests/worker` shows that workers emit these."""
        emitted = {
            (metric_names.NAMESPACE, metric.name, frozenset(metric_names.FLEET))
            for metric in metric_names.FLEET_METRICS
        }
        stack = fleet()[FLEET]
        assert looked_at(stack) == emitted
        for alarm in alarms(stack).values():
            assert alarm["dimensions"] == {"Fleet": "allora-worker-fleet"}
        with pytest.raises(ValueError, match="Score is no metric of a fleet"):
            FleetSources("fleet").of(metric_names.SCORE)

    @pytest.mark.parametrize("workers", [1, 3, 100, 500])
    def test_one_worker_that_is_missing_breaches_and_late_reports_do_not(
        self, workers: int
    ) -> None:
        """A worker sends five reports a period, however long each takes (`gauges`)."""
        limits = Limits(3, Decimal("0.1"))
        (alarm,) = (
            alarm
            for alarm in fleet_alarms(FleetSources("fleet"), limits, workers=workers)
            if alarm.id is FleetAlarmId.WORKER_MISSING
        )
        assert alarm.comparison == "LessThanThreshold"
        assert 5 * (workers - 1) < alarm.threshold <= 5 * workers - 2

    def test_workers_that_should_report_are_counted(self, fleet: Synth) -> None:
        missing = alarms(fleet(MIXED)[FLEET])["worker-missing"]
        assert (missing["statistic"], missing["period"]) == ("Sum", 300)
        # two workers send ten reports in five minutes, one sends five
        assert 5 < missing["threshold"] < 10
        assert missing["treat_missing_data"] == "breaching"
        assert "than 2 workers" in missing["alarm_description"]

    @pytest.mark.parametrize("option", ["paused = true", 'ALLORA_WORKER_IMAGE = "x.org/w:1"'])
    def test_silence_of_workers_that_do_not_report_is_no_alarm(
        self, fleet: Synth, option: str
    ) -> None:
        missing = alarms(fleet(f"[workers.a]\n{option}\n")[FLEET])["worker-missing"]
        assert missing["threshold"] == 0
        assert missing["treat_missing_data"] == "notBreaching"

    def test_the_operator_sets_the_limits(self, fleet: Synth) -> None:
        env = "ALARM_MISSED_WINDOWS=7\nALARM_BALANCE=0.25\n"
        found = alarms(fleet(env=env)[FLEET])
        assert found["no-submission"]["threshold"] == 7
        assert found["balance-low"]["threshold"] == 0.25

    def test_the_poorest_wallet_of_several_networks_has_the_highest_limit(
        self, fleet: Synth
    ) -> None:
        low = alarms(fleet(MIXED)[FLEET])["balance-low"]
        assert low["statistic"] == "Minimum"
        assert low["threshold"] == pytest.approx(0.01875)

    def test_each_says_what_to_type_and_where_there_is_more(self, fleet: Synth) -> None:
        long = {name: value for name, value in LONG.items() if name != "AWS_REGION"}
        env = "".join(f"{name}={value}\n" for name, value in long.items())
        for id_, alarm in alarms(fleet(HUNDRED, env=env)[FLEET]).items():
            text = alarm["alarm_description"]
            assert len(text) <= 1000  # of 1024; a region has a longer name
            assert re.fullmatch(r"[ -~]+", text), id_
            assert re.search(r"allora (status|logs worker --since 1h) (names|lists)", text), id_
            assert set(re.findall(r"\ballora ([a-z]+)", text)) <= COMMANDS
            assert " Dashboard: https://" in text
            assert " Log: https://" in text

    def test_each_is_announced_and_makes_aws_do_nothing(self, fleet: Synth) -> None:
        for alarm in alarms(fleet()[FLEET]).values():
            assert alarm["alarm_actions"] == alarm["ok_actions"]
            (topic,) = alarm["ok_actions"]
            assert "terraform_remote_state" in topic

    def test_each_has_an_entry_in_the_runbook_and_no_other_is_there(self) -> None:
        entries = re.findall(r"^### fleet-alarm-(\S+)$", RUNBOOK, re.MULTILINE)
        assert set(entries) == set(FleetAlarmId)


class TestDashboard:
    def test_it_is_where_the_output_says(self, fleet: Synth) -> None:
        stack = fleet(env="AWS_RESOURCE_NAME_PREFIX=shop\n")[FLEET]
        name = stack.one("aws_cloudwatch_dashboard")["dashboard_name"]
        assert name == "shop-fleet-eu-central-1"
        assert stack.json["output"]["dashboard_url"]["value"].endswith(f"/{name}")

    def test_it_does_not_depend_on_the_workers(self, fleet: Synth) -> None:
        assert dashboard(fleet("[workers.a]")[FLEET]) == dashboard(fleet(HUNDRED)[FLEET])

    def test_widgets_fill_24_columns(self, fleet: Synth) -> None:
        found = dashboard(fleet()[FLEET])["widgets"]
        rows: dict[int, list[tuple[int, int]]] = {}
        for widget in found:
            rows.setdefault(widget["y"], []).append((widget["x"], widget["width"]))
        for row in rows.values():
            assert sum(width for _, width in row) == 24
            assert sorted(row)[0][0] == 0

    def test_it_shows_every_alarm(self, fleet: Synth) -> None:
        stack = fleet()[FLEET]
        (widget,) = widgets(stack, "alarm")
        ids = stack.json["resource"]["aws_cloudwatch_metric_alarm"]
        assert sorted(widget["properties"]["alarms"]) == sorted(
            f"${{aws_cloudwatch_metric_alarm.{id_}.arn}}" for id_ in ids
        )

    def test_its_queries_read_the_log_groups_that_there_are(self, fleet: Synth) -> None:
        stacks = fleet()
        groups = {group["name"] for group in stacks[COMMON].all("aws_cloudwatch_log_group")}
        queries = [each["properties"]["query"] for each in widgets(stacks[FLEET], "log")]
        assert {query.split("'")[1] for query in queries} <= groups
        assert all(re.fullmatch(r"SOURCE '[^']+' \| (filter|parse) .+", each) for each in queries)

    def test_each_worker_is_a_row_of_a_query(self, fleet: Synth) -> None:
        (workers,) = (
            widget["properties"]["query"]
            for widget in widgets(fleet()[FLEET], "log")
            if widget["properties"]["title"] == "Workers"
        )
        assert "by WorkerName" in workers
        fields = set(re.findall(r"(?:latest|sum|count)\((\w+)\)", workers))
        assert fields <= {metric.name for metric in metric_names.METRICS}
