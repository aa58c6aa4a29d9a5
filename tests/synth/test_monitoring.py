"""The dashboard and the alarms: what they say, and that what they look at exists."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import pytest

from constructs_lib.metrics import Sources
from containers.worker.allora_worker import metric_names
from scripts.host.bin import host_status
from shared.alarm_remedies import alarm_ids
from tests.conftest import ROOT
from tests.synthesized import Stack

Synth = Callable[..., Stack]
Metric = tuple[str, str, frozenset[str]]
"""Namespace, name, and the names of the dimensions."""

OF_THE_WORKER = {"no-submission", "not-earning", "balance-low", "sdk-refused", "fee-refused"}
OF_THE_HOST = {
    "host-recovery",
    "instance-reboot",
    "worker-restarts",
    "model-restarts",
    "disk-full",
    "traffic-out",
}
OWN_IMAGE = {"ALLORA_WORKER_IMAGE": "example.org/worker:1.0"}
NOT_BURSTABLE = {"AWS_INSTANCE_TYPE": "m7i.large"}
LONG = {
    "AWS_REGION": "ap-southeast-1",
    "AWS_RESOURCE_NAME_PREFIX": "p" * 32,
    "ALLORA_WORKER_NAME": "w" * 32,
    "ALARM_BALANCE": "0.123456789012345678",
}
"""The longest names."""
SITUATIONS: list[dict[str, str]] = [
    {},
    {"ALLORA_WORKER_TOPIC_ID": "69,77"},
    NOT_BURSTABLE,
    OWN_IMAGE,
    OWN_IMAGE | NOT_BURSTABLE,
]

# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html
OF_EC2 = {
    "CPUUtilization",
    "CPUCreditBalance",
    "NetworkIn",
    "NetworkOut",
    "StatusCheckFailed_Instance",
    "StatusCheckFailed_System",
}


def alarms(stack: Stack) -> dict[str, dict[str, Any]]:
    """The alarms by their ids, which end their names."""
    found = stack.all("aws_cloudwatch_metric_alarm")
    prefix = stack.one("aws_cloudwatch_dashboard")["dashboard_name"] + "-"
    return {alarm["alarm_name"].removeprefix(prefix): alarm for alarm in found}


def dashboard(stack: Stack) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(stack.one("aws_cloudwatch_dashboard")["dashboard_body"])
    return body


def widgets(stack: Stack, type_: str) -> list[dict[str, Any]]:
    found = [widget for widget in dashboard(stack)["widgets"] if widget["type"] == type_]
    assert found
    return found


def lines(stack: Stack) -> Iterator[list[Any]]:
    """The metrics of the dashboard, as it writes them."""
    for widget in widgets(stack, "metric"):
        yield from widget["properties"]["metrics"]


def looked_at(stack: Stack) -> set[Metric]:
    """The metrics of all alarms and widgets."""
    of_alarms = {
        (alarm["namespace"], alarm["metric_name"], frozenset(alarm["dimensions"]))
        for alarm in alarms(stack).values()
    }
    of_widgets = {
        (namespace, name, frozenset(rest[:-1:2])) for namespace, name, *rest in lines(stack)
    }
    return of_alarms | of_widgets


def of_worker() -> set[Metric]:
    """tests/worker/test_metrics.py shows that a worker emits these."""
    return {
        (metric_names.NAMESPACE, metric.name, frozenset(dimensions))
        for metric in metric_names.METRICS
        for dimensions in metric.dimensions
    }


def of_host() -> set[Metric]:
    """As in the sample, which what a host writes is compared with."""
    status = json.loads((ROOT / "tests/samples/host_status.json").read_text("utf-8"))
    [directive] = status["_aws"]["CloudWatchMetrics"]
    names = {metric["Name"]: metric["Unit"] for metric in directive["Metrics"]}
    assert names == host_status.METRICS
    return {
        (directive["Namespace"], name, frozenset(dimensions))
        for name in names
        for dimensions in directive["Dimensions"]
    }


class TestMetrics:
    @pytest.mark.parametrize("situation", SITUATIONS, ids=str)
    def test_all_that_is_looked_at_is_emitted(self, node: Synth, situation: dict[str, str]) -> None:
        of_ec2 = {("AWS/EC2", name, frozenset({"InstanceId"})) for name in OF_EC2}
        emitted = (
            of_host() | of_ec2 | (set() if situation.items() >= OWN_IMAGE.items() else of_worker())
        )
        assert looked_at(node(**situation)) - emitted == set()

    def test_all_that_is_emitted_is_looked_at(self, node: Synth) -> None:
        """Each metric and each set of dimensions costs money."""
        assert (of_host() | of_worker()) - looked_at(node()) == set()

    def test_one_topic_costs_no_more_than_this(self) -> None:
        """An account has ten metrics for nothing; four of these are sent in trouble only."""
        assert len(of_host() | of_worker()) == 12
        assert sum(metric.only_in_trouble for metric in metric_names.METRICS) == 4

    def test_a_name_that_nobody_declares_is_no_metric(self) -> None:
        sources = Sources("worker", "i-1")
        with pytest.raises(ValueError, match="emits no Disk"):
            sources.host("Disk")
        with pytest.raises(ValueError, match="for topics only"):
            sources.worker(metric_names.SCORE)
        with pytest.raises(ValueError, match="no values by topic"):
            sources.topic(metric_names.BALANCE, 69)

    def test_values_are_those_of_this_worker_and_host(self, node: Synth) -> None:
        stack = node(ALLORA_WORKER_NAME="mine", ALLORA_WORKER_TOPIC_ID="69,77")
        pairs = [pair for alarm in alarms(stack).values() for pair in alarm["dimensions"].items()]
        for _, _, *rest in lines(stack):
            pairs += zip(rest[:-1:2], rest[1:-1:2], strict=True)
        values: dict[str, set[str]] = {}
        for name, value in pairs:
            values.setdefault(name, set()).add(value)
        (instance,) = values.pop("InstanceId")
        assert "aws_instance" in instance
        assert values == {"WorkerName": {"mine"}, "TopicId": {"69", "77"}}


class TestAlarms:
    @pytest.mark.parametrize("situation", SITUATIONS, ids=str)
    def test_there_are_those_that_make_sense(self, node: Synth, situation: dict[str, str]) -> None:
        found = set(alarms(node(**situation)))
        expected = set(OF_THE_HOST)
        if "ALLORA_WORKER_IMAGE" not in situation:  # another image reports no metrics
            expected |= OF_THE_WORKER
        if "AWS_INSTANCE_TYPE" not in situation:
            expected.add("cpu-credits")
        assert found == expected
        assert found == alarm_ids(
            burstable="AWS_INSTANCE_TYPE" not in situation,
            own_worker="ALLORA_WORKER_IMAGE" not in situation,
        )

    @pytest.mark.parametrize("situation", [{}, {"AWS_INSTANCE_TYPE": "i4i.large"}, LONG], ids=str)
    def test_each_says_what_to_type_and_where_there_is_more(
        self, node: Synth, situation: dict[str, str]
    ) -> None:
        for id_, alarm in alarms(node(**situation)).items():
            text = alarm["alarm_description"]
            assert len(text) <= 1024
            assert re.fullmatch(r"[ -~]+", text), id_
            assert re.search(r"\ballora [a-z]|aws ec2 [a-z]", text), id_

    def test_each_links_to_pages_that_open_from_an_e_mail(self, node: Synth) -> None:
        console = "https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1"
        name = node().one("aws_cloudwatch_dashboard")["dashboard_name"]
        for id_, alarm in alarms(node()).items():
            text = alarm["alarm_description"]
            assert f" Dashboard: {console}#dashboards/dashboard/{name} Log: " in text, id_
            group = f"{console}#logsV2:log-groups/log-group/$252Fallora$252F"
            assert re.search(rf" Log: {re.escape(group)}\S+\$252F(worker|model|host)$", text), id_
            assert "docs/" not in text, id_
        assert "docs/" not in json.dumps(dashboard(node()))

    def test_the_dashboard_links_to_the_logs_in_its_partition_s_console(self, node: Synth) -> None:
        (text, *_) = widgets(node(AWS_REGION="cn-north-1"), "text")
        urls = re.findall(r"\((https://[^)]+)\)", text["properties"]["markdown"])
        assert len(urls) == 3
        for url in urls:
            assert url.startswith("https://cn-north-1.console.amazonaws.cn/cloudwatch/home?")

    def test_each_is_announced_when_it_rings_and_when_it_is_over(self, node: Synth) -> None:
        for alarm in alarms(node()).values():
            (over,) = alarm["ok_actions"]
            assert "terraform_remote_state" in over
            assert alarm["alarm_actions"][-1] == over
            assert "insufficient_data_actions" not in alarm

    def test_only_status_checks_make_ec2_act(self, node: Synth) -> None:
        acts = {
            id_: alarm["alarm_actions"][0]
            for id_, alarm in alarms(node()).items()
            if len(alarm["alarm_actions"]) > 1
        }
        assert acts == {
            "host-recovery": "arn:aws:automate:eu-central-1:ec2:recover",
            "instance-reboot": "arn:aws:automate:eu-central-1:ec2:reboot",
        }

    def test_recovery_does_not_depend_on_local_disks_alone(self, node: Synth) -> None:
        """An x2idn has some and is recovered; AWS refuses the action for the types below."""
        recovery = alarms(node(AWS_INSTANCE_TYPE="x2idn.16xlarge"))["host-recovery"]
        assert recovery["alarm_actions"][0].endswith(":ec2:recover")

    @pytest.mark.parametrize(
        "unsupported",
        [
            {"AWS_INSTANCE_TYPE": "i4i.large"},
            {"AWS_INSTANCE_TYPE": "g5g.metal"},
            {"AWS_INSTANCE_TYPE": "inf2.xlarge"},
            {"AWS_INSTANCE_TYPE": "m99g.large", "AWS_INSTANCE_CPU_TYPE": "ARM_64"},
        ],
        ids=lambda variables: variables["AWS_INSTANCE_TYPE"],
    )
    def test_a_type_that_ec2_does_not_recover_is_announced_alone(
        self, node: Synth, unsupported: dict[str, str]
    ) -> None:
        alarm = alarms(node(**unsupported))["host-recovery"]
        (announce,) = alarm["alarm_actions"]
        assert "terraform_remote_state" in announce
        assert "stop the instance" in alarm["alarm_description"]

    def test_recovery_comes_before_a_reboot(self, node: Synth) -> None:
        found = alarms(node())
        recovery, reboot = found["host-recovery"], found["instance-reboot"]
        assert recovery["evaluation_periods"] < reboot["evaluation_periods"]

    def test_the_operator_sets_the_limits(self, node: Synth) -> None:
        found = alarms(node(ALARM_MISSED_WINDOWS="7", ALARM_BALANCE="0.25"))
        assert found["no-submission"]["threshold"] == 7
        assert "for 7 windows" in found["no-submission"]["alarm_description"]
        assert found["balance-low"]["threshold"] == 0.25
        assert "less than 0.25 ALLO" in found["balance-low"]["alarm_description"]

    @pytest.mark.parametrize(("network", "amount"), [("testnet", 7.5e-10), ("mainnet", 0.01875)])
    def test_the_limit_of_the_balance_follows_the_network(
        self, node: Synth, network: str, amount: float
    ) -> None:
        found = alarms(node(ALLORA_NETWORK=network, ALLORA_WORKER_TOPIC_ID="1"))
        assert found["balance-low"]["threshold"] == pytest.approx(amount)

    def test_they_are_within_cloudwatchs_limits(self, node: Synth) -> None:
        """A multiple of 60 seconds; at most a day, beyond which it looks once an hour only."""
        for alarm in alarms(node()).values():
            assert alarm["period"] % 60 == 0
            assert alarm["period"] * alarm["evaluation_periods"] <= 86_400

    def test_silence_of_the_worker_is_one_alarm_and_not_all(self, node: Synth) -> None:
        breaching = [
            id_ for id_, a in alarms(node()).items() if a["treat_missing_data"] == "breaching"
        ]
        assert breaching == ["no-submission"]


class TestDashboard:
    def test_it_is_where_the_output_says(self, node: Synth) -> None:
        stack = node(AWS_RESOURCE_NAME_PREFIX="mine")
        assert stack.one("aws_cloudwatch_dashboard")["dashboard_name"] == "mine-eu-central-1"
        assert stack.json["output"]["dashboard_url"]["value"].endswith("/mine-eu-central-1")

    @pytest.mark.parametrize("situation", SITUATIONS, ids=str)
    def test_widgets_lie_beside_each_other_in_24_columns(
        self, node: Synth, situation: dict[str, str]
    ) -> None:
        found = dashboard(node(**situation))["widgets"]
        for widget in found:
            assert widget["width"] >= 6
            assert widget["height"] >= 3
            assert widget["x"] + widget["width"] <= 24
        for one, other in combinations(found, 2):
            apart = (
                one["x"] + one["width"] <= other["x"]
                or other["x"] + other["width"] <= one["x"]
                or one["y"] + one["height"] <= other["y"]
                or other["y"] + other["height"] <= one["y"]
            )
            assert apart, (one, other)
        # and there is no hole
        assert sum(widget["width"] * widget["height"] for widget in found) == 24 * max(
            widget["y"] + widget["height"] for widget in found
        )

    @pytest.mark.parametrize("situation", SITUATIONS, ids=str)
    def test_it_is_what_cloudwatch_takes(self, node: Synth, situation: dict[str, str]) -> None:
        stack = node(**situation)
        assert set(dashboard(stack)) == {"start", "widgets"}
        for widget in dashboard(stack)["widgets"]:
            assert set(widget) == {"type", "x", "y", "width", "height", "properties"}
        for widget in widgets(stack, "metric"):
            properties = widget["properties"]
            assert properties["region"] == "eu-central-1"
            assert properties["view"] in {"timeSeries", "singleValue"}
            assert properties["title"]
            for line in properties["metrics"]:
                assert len(line) in {5, 7}
                assert line[-1]["stat"] in {"Average", "Maximum", "SampleCount", "Sum"}
                assert line[-1].get("yAxis", "left") in {"left", "right"}
        for widget in widgets(stack, "log"):
            assert widget["properties"]["region"] == "eu-central-1"
            assert widget["properties"]["view"] == "table"

    def test_it_answers_first_whether_the_worker_earns(self, node: Synth) -> None:
        first, second, *_ = dashboard(node(ALARM_MISSED_WINDOWS="4"))["widgets"]
        assert first["type"] == "text"
        assert first["properties"]["markdown"].startswith("# Is it earning?")
        assert "below 4" in first["properties"]["markdown"]
        assert second["type"] == "alarm"

    @pytest.mark.parametrize("situation", SITUATIONS, ids=str)
    def test_it_shows_every_alarm(self, node: Synth, situation: dict[str, str]) -> None:
        stack = node(**situation)
        (widget,) = widgets(stack, "alarm")
        ids = stack.json["resource"]["aws_cloudwatch_metric_alarm"]
        assert sorted(widget["properties"]["alarms"]) == sorted(
            f"${{aws_cloudwatch_metric_alarm.{id_}.arn}}" for id_ in ids
        )

    def test_its_queries_read_the_log_groups_that_there_are(
        self, synth: Callable[..., dict[str, Stack]]
    ) -> None:
        stacks = synth()
        groups = {
            group["name"] for group in stacks["allora-common"].all("aws_cloudwatch_log_group")
        }
        queries = [
            widget["properties"]["query"] for widget in widgets(stacks["allora-single-node"], "log")
        ]
        assert {query.split("'")[1] for query in queries} == groups
        for query in queries:
            assert re.fullmatch(r"SOURCE '[^']+' \| (fields|filter) .+", query)

    def test_credits_are_shown_of_what_has_some(self, node: Synth) -> None:
        assert "CPUCreditBalance" in {name for _, name, *_ in lines(node())}
        assert "CPUCreditBalance" not in {name for _, name, *_ in lines(node(**NOT_BURSTABLE))}

    def test_limits_of_the_alarms_are_lines(self, node: Synth) -> None:
        stack = node()
        shown = {
            (widget["properties"]["title"].split(":")[0], limit["value"])
            for widget in widgets(stack, "metric")
            for limit in widget["properties"].get("annotations", {}).get("horizontal", [])
        }
        found = alarms(stack)
        assert shown == {
            ("Windows since the last success", found["no-submission"]["threshold"]),
            ("Balance, ALLO", found["balance-low"]["threshold"]),
            ("Disk, %", found["disk-full"]["threshold"]),
        }
