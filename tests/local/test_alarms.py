"""The deployed alarms ring and stop: metrics go into the embedded CloudWatch, and are evaluated.

The embedded AWS keeps alarms and metrics, and evaluates nothing. `cloudwatch_alarms` does that by
CloudWatch's documented rules, on what it reads back from there.
"""

from __future__ import annotations

import io
import itertools
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from containers.worker.allora_worker import metric_names, reports
from containers.worker.allora_worker.metric_names import Metric
from devtools.embedded_aws.lease import Lease
from scripts.host.bin import host_status
from shared.alarm_remedies import REMEDIES, AlarmId
from tests.local.cloudwatch_alarms import (
    ALARM,
    NO_DATA,
    OK,
    Point,
    extracted,
    history,
    put,
    state,
)
from tests.local.deployment import Deployment
from tests.local.reported import STATUS
from tests.local.template import Deployed, Template, copied, forked

MINUTE = timedelta(minutes=1)
RETAIN = "RETAIN"
SILENCE: dict[str, float] = {}

# --- the rules themselves, by the examples of CloudWatch's documentation

# Points, oldest first; then the states, in the order of TREATMENTS.
THREE_OF_THREE = [
    ("0 - X - X", OK, OK, OK, OK),
    ("- - - - 0", OK, OK, OK, OK),
    ("- - - - -", NO_DATA, RETAIN, ALARM, OK),
    ("0 X X - X", ALARM, ALARM, ALARM, ALARM),
    ("- - X - -", ALARM, RETAIN, ALARM, OK),
]
TWO_OF_THREE = [
    ("0 - X - X", ALARM, ALARM, ALARM, ALARM),
    ("0 0 X 0 X", ALARM, ALARM, ALARM, ALARM),
    ("0 - X - -", OK, OK, ALARM, OK),
    ("- - - - 0", OK, OK, ALARM, OK),
    ("- - - X -", ALARM, RETAIN, ALARM, OK),
]
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


def read(row: str) -> list[Point]:
    return [{"0": False, "X": True, "-": None}[sign] for sign in row.split()]


@pytest.mark.parametrize("current", [OK, ALARM])
@pytest.mark.parametrize(
    ("to_alarm", "row", "treatment", "expected"),
    [
        (to_alarm, row, treatment, expected)
        for to_alarm, table in ((3, THREE_OF_THREE), (2, TWO_OF_THREE))
        for row, *states in table
        for treatment, expected in zip(TREATMENTS, states, strict=True)
    ],
)
def test_the_rules_are_those_of_the_documentation(
    to_alarm: int, row: str, treatment: str, expected: str, current: str
) -> None:
    found = state(read(row), periods=3, to_alarm=to_alarm, missing=treatment, current=current)
    assert found == (current if expected == RETAIN else expected)


def test_metrics_are_taken_out_of_a_line_for_each_set_of_dimensions() -> None:
    line = {
        "_aws": {
            "Timestamp": 1_767_225_600_000,
            "CloudWatchMetrics": [
                {
                    "Namespace": "N",
                    "Dimensions": [["A"], ["A", "B"]],
                    "Metrics": [{"Name": "M", "Unit": "Count"}],
                }
            ],
        },
        "A": "a",
        "B": "b",
        "M": 2,
    }
    found = extracted(json.dumps(line))
    assert [(namespace, datum["MetricName"], datum["Value"]) for namespace, datum in found] == [
        ("N", "M", 2),
        ("N", "M", 2),
    ]
    assert [[each["Value"] for each in datum["Dimensions"]] for _, datum in found] == [
        ["a"],
        ["a", "b"],
    ]
    assert found[0][1]["Timestamp"] == datetime(2026, 1, 1, tzinfo=UTC)
    for wrong in ({"A": 1}, {"A": None}, {"M": "2"}, {"M": None}):
        with pytest.raises(ValueError, match=r"dimension|number"):
            extracted(json.dumps(line | wrong))
    assert extracted('{"event": "starting"}') == []


# --- what is deployed, and what a node reports


@pytest.fixture(scope="module")
def alarms(
    template: Template, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """The alarms that were deployed, by their ids."""
    with copied(template, tmp_path_factory.mktemp("alarms") / "deployed") as copy:
        found = copy.deployment.client("cloudwatch").describe_alarms()["MetricAlarms"]
    prefix = "allora-worker-us-east-1-"
    return {alarm["AlarmName"].removeprefix(prefix): alarm for alarm in found}


@pytest.fixture(scope="module")
def cloudwatch(empty_aws: Lease, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Where the metrics go."""
    with forked(empty_aws) as emulator:
        yield Deployment(emulator, tmp_path_factory.mktemp("metrics")).client("cloudwatch")


_DAYS = itertools.count()


class Node:
    """Plays a node for some time, which no other node shares; then looks at one alarm."""

    def __init__(self, cloudwatch: Any, alarm: dict[str, Any]) -> None:
        self._cloudwatch = cloudwatch
        self._alarm = alarm
        self._began = self._now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=3 * next(_DAYS))
        self._metrics: list[tuple[str, dict[str, Any]]] = []

    def runs(self, minutes: int, **values: float) -> Node:
        """Lets minutes pass, in each of which these metrics are reported; nothing is silence."""
        for _ in range(minutes):
            for name, value in values.items():
                self._report(name, value)
            self._now += MINUTE
        return self

    def _report(self, name: str, value: float) -> None:
        at = self._now + timedelta(seconds=30)
        if name in WORKER:
            lines = of_worker(WORKER[name], value)
        elif name in host_status.METRICS:
            lines = [json.dumps(STATUS | {name: value})]
        else:
            self._metrics.append(("AWS/EC2", self._of_ec2(name, value, at)))
            return
        for line in lines:
            for namespace, datum in extracted(line):
                if datum["MetricName"] == name:
                    self._metrics.append((namespace, datum | {"Timestamp": at}))

    def _of_ec2(self, name: str, value: float, at: datetime) -> dict[str, Any]:
        """AWS measures this, and no line tells it."""
        assert name == self._alarm["MetricName"]
        dimensions = self._alarm["Dimensions"]
        assert [each["Name"] for each in dimensions] == ["InstanceId"]
        return {"MetricName": name, "Dimensions": dimensions, "Value": value, "Timestamp": at}

    def states(self) -> list[str]:
        """The alarm's state after each minute."""
        put(self._cloudwatch, self._metrics)
        return history(self._cloudwatch, self._alarm, self._began, self._now)


WORKER = {metric.name: metric for metric in metric_names.METRICS}


def of_worker(metric: Metric, value: float) -> list[str]:
    """The lines that the worker's own code writes for one value."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(reports._JsonFormatter())
    logger = logging.getLogger("allora_worker")
    kept = logger.handlers, logger.level, logger.propagate
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)
    try:
        reports.metric(metric, value, WorkerName="worker", TopicId="69")
    finally:
        logger.handlers, level, logger.propagate = kept
        logger.setLevel(level)
    return stream.getvalue().splitlines()


# --- each alarm rings, and stops


@dataclass(frozen=True)
class Case:
    """What an alarm is about.

    Attributes:
        good: values of each minute when all is well.
        bad: values of each minute when it is not.
        rings_within: minutes of that, at most.
        stops_within: minutes after it is well again, at most.
    """

    good: dict[str, float]
    bad: dict[str, float]
    rings_within: int
    stops_within: int


CASES = {
    "no-submission": Case({"WindowsSinceSuccess": 0.7}, {"WindowsSinceSuccess": 3.1}, 20, 6),
    "balance-low": Case({"Balance": 0.5}, {"Balance": 1e-10}, 15, 1),
    # CloudWatch looks further back where data is missing.
    "sdk-refused": Case(SILENCE, {"SdkRefused": 1}, 10, 15),
    "fee-refused": Case(SILENCE, {"FeeRefused": 1}, 10, 20),
    "not-earning": Case(SILENCE, {"NotEarning": 1}, 360, 180),
    "worker-restarts": Case({"WorkerRestarts": 0}, {"WorkerRestarts": 1}, 3, 20),
    "model-restarts": Case({"ModelRestarts": 0}, {"ModelRestarts": 1}, 3, 20),
    "disk-full": Case({"DiskUsed": 40}, {"DiskUsed": 81}, 20, 6),
    "cpu-credits": Case({"CPUCreditBalance": 100}, {"CPUCreditBalance": 0}, 240, 1),
    "traffic-out": Case({"NetworkOut": 500_000}, {"NetworkOut": 50_000_000}, 11, 52),
    "host-recovery": Case({"StatusCheckFailed_System": 0}, {"StatusCheckFailed_System": 1}, 2, 1),
    "instance-reboot": Case(
        {"StatusCheckFailed_Instance": 0}, {"StatusCheckFailed_Instance": 1}, 3, 1
    ),
}


def test_every_deployed_alarm_has_a_case(alarms: dict[str, dict[str, Any]]) -> None:
    assert set(alarms) == set(CASES)


@pytest.mark.parametrize("id_", CASES)
def test_it_rings_and_stops(cloudwatch: Any, alarms: dict[str, dict[str, Any]], id_: str) -> None:
    case = CASES[id_]
    well, ill = 60, case.rings_within + 30
    node = Node(cloudwatch, alarms[id_])
    node.runs(well, **case.good).runs(ill, **case.bad)
    node.runs(case.stops_within + 60, **case.good)
    states = node.states()
    # not without a reason; then before long, and for as long as there is one; and not for longer
    assert set(states[30:well]) == {OK}
    assert set(states[well + case.rings_within - 1 : well + ill]) == {ALARM}
    assert set(states[well + ill + case.stops_within :]) == {OK}


@pytest.mark.parametrize("id_", CASES)
def test_at_the_limit_itself_it_rings_when_its_description_says_so(
    cloudwatch: Any, alarms: dict[str, dict[str, Any]], id_: str
) -> None:
    """Three windows, three restarts; but more than 80 %, less than so many ALLO or one credit."""
    alarm = alarms[id_]
    (name,) = CASES[id_].bad
    node = Node(cloudwatch, alarm)
    if alarm["Statistic"] == "Sum":
        node.runs(290, **CASES[id_].good)
        for _ in range(alarm["EvaluationPeriods"]):
            node.runs(1, **{name: alarm["Threshold"]}).runs(alarm["Period"] // 60 - 1)
    else:
        node.runs(300, **{name: alarm["Threshold"]})
    rings = id_ not in {"balance-low", "disk-full", "cpu-credits"}
    assert node.states()[-1] == (ALARM if rings else OK)


# --- what must not ring, and what must


def rang(cloudwatch: Any, alarm: dict[str, Any], *phases: tuple[int, dict[str, float]]) -> bool:
    """Whether an alarm rang at any minute of these phases, after an hour in which all was well."""
    node = Node(cloudwatch, alarm)
    for minutes, values in phases:
        node.runs(minutes, **values)
    return ALARM in node.states()


def test_a_host_that_is_replaced_or_restarts_rings_nothing(
    cloudwatch: Any, alarms: dict[str, dict[str, Any]]
) -> None:
    for id_ in ("no-submission", "balance-low", "sdk-refused", "fee-refused", "disk-full"):
        good = CASES[id_].good
        assert not rang(cloudwatch, alarms[id_], (60, good), (15, SILENCE), (60, good)), id_


def test_a_worker_that_is_silent_rings_as_one_that_does_not_submit(
    cloudwatch: Any, alarms: dict[str, dict[str, Any]]
) -> None:
    good = CASES["no-submission"].good
    states = Node(cloudwatch, alarms["no-submission"]).runs(60, **good).runs(60).states()
    assert ALARM not in states[:79]
    assert set(states[95:]) == {ALARM}


def test_a_worker_that_is_silent_changes_nothing_else(
    cloudwatch: Any, alarms: dict[str, dict[str, Any]]
) -> None:
    """A wallet is no fuller, and a disk no emptier, because nobody looks."""
    for id_ in ("balance-low", "disk-full"):
        good, bad = CASES[id_].good, CASES[id_].bad
        well = Node(cloudwatch, alarms[id_]).runs(60, **good).runs(120).states()
        assert well[-1] == OK, id_
        ill = Node(cloudwatch, alarms[id_]).runs(60, **bad).runs(120).states()
        assert ill[-1] == ALARM, id_


def test_a_lost_window_rings_nothing_but_the_third_does(
    cloudwatch: Any, alarms: dict[str, dict[str, Any]]
) -> None:
    """A topic with windows of an hour; the worst of its topics counts."""
    alarm = alarms["no-submission"]

    def hours(count: int) -> list[tuple[int, dict[str, float]]]:
        """Until the next success: each minute is a sixtieth of a window."""
        return [(1, {"WindowsSinceSuccess": minute / 60}) for minute in range(60 * count)]

    assert not rang(cloudwatch, alarm, *hours(1), *hours(2), *hours(1))
    assert rang(cloudwatch, alarm, *hours(1), *hours(4))


def test_the_worst_topic_counts(cloudwatch: Any, alarms: dict[str, dict[str, Any]]) -> None:
    node = Node(cloudwatch, alarms["no-submission"])
    for _ in range(60):
        node._report("WindowsSinceSuccess", 0.4)
        node.runs(1, WindowsSinceSuccess=5)
    assert node.states()[-1] == ALARM


def test_one_answer_of_a_node_that_is_behind_is_no_refusal(
    cloudwatch: Any, alarms: dict[str, dict[str, Any]]
) -> None:
    good, bad = CASES["sdk-refused"].good, CASES["sdk-refused"].bad
    assert not rang(cloudwatch, alarms["sdk-refused"], (60, good), (2, bad), (60, good))


def test_a_refused_worker_that_ends_every_five_minutes_rings(
    cloudwatch: Any, alarms: dict[str, dict[str, Any]]
) -> None:
    """It reports from its first minute to its end (timings.refused_exit)."""
    phases = [(1, SILENCE), (4, CASES["sdk-refused"].bad)] * 5
    assert rang(cloudwatch, alarms["sdk-refused"], (60, SILENCE), *phases)


def test_an_epoch_without_a_reward_is_no_alarm(
    cloudwatch: Any, alarms: dict[str, dict[str, Any]]
) -> None:
    """Nor are five; a day of them is, although the worker restarts every two hours."""
    bad = CASES["not-earning"].bad
    assert not rang(cloudwatch, alarms["not-earning"], (60, SILENCE), (300, bad), (120, SILENCE))
    day = [(110, bad), (10, SILENCE)] * 12
    assert rang(cloudwatch, alarms["not-earning"], *day)


def restarts_of(runs_for: float) -> Iterator[int]:
    """Restarts in each minute of a container that ends after so many seconds, by Docker's back-off.

    https://docs.docker.com/reference/cli/docker/container/run/#restart
    """
    pause, now, ends = 0.1, 0.0, []
    while now < 7200:
        now += runs_for
        pause = 0.1 if runs_for >= 10 else min(pause * 2, 60)
        now += pause
        ends.append(now)
    for minute in range(120):
        yield sum(60 * minute <= end < 60 * (minute + 1) for end in ends)


@pytest.mark.parametrize("id_", ["worker-restarts", "model-restarts"])
@pytest.mark.parametrize(
    ("runs_for", "within"),
    [(0.5, 15), (3, 15), (30, 15), (120, 15), (306, 20)],
    ids=["at once", "a wrong secret", "out of memory", "stands still", "refused everywhere"],
)
def test_a_container_that_ends_again_and_again_rings_and_goes_on_ringing(
    cloudwatch: Any, alarms: dict[str, dict[str, Any]], id_: str, runs_for: float, within: int
) -> None:
    (name,) = CASES[id_].bad
    node = Node(cloudwatch, alarms[id_])
    for count in restarts_of(runs_for):
        node.runs(1, **{name: count})
    assert set(node.states()[within:]) == {ALARM}


@pytest.mark.parametrize("id_", ["worker-restarts", "model-restarts"])
def test_two_restarts_ring_nothing(
    cloudwatch: Any, alarms: dict[str, dict[str, Any]], id_: str
) -> None:
    good, bad = CASES[id_].good, CASES[id_].bad
    assert not rang(cloudwatch, alarms[id_], (60, good), (2, bad), (60, good))


@pytest.mark.parametrize(("gained", "processors"), [(12, 2), (24, 2), (36, 2), (192, 8)], ids=str)
def test_a_first_boot_rings_no_alarm_for_credits(
    cloudwatch: Any, alarms: dict[str, dict[str, Any]], gained: int, processors: int
) -> None:
    """12 minutes of all processors, paid back before there is a balance; a quarter goes on work.

    What t3.micro, t4g.small, t3.large and t3.2xlarge gain in an hour:
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-credits-baseline-concepts.html
    """
    node = Node(cloudwatch, alarms["cpu-credits"])
    credits_ = 0.0
    for minute in range(480):
        credits_ += gained / 60
        credits_ -= processors if minute < 12 else gained / 60 / 4
        node.runs(1, CPUCreditBalance=max(credits_, 0))
    assert ALARM not in node.states()


# --- the whole path, as far as it goes here


def test_what_rings_is_what_a_person_is_told(
    deployed: Deployed, alarms: dict[str, dict[str, Any]]
) -> None:
    cloudwatch = deployed.deployment.client("cloudwatch")
    topics = {
        topic["TopicArn"] for topic in deployed.deployment.client("sns").list_topics()["Topics"]
    }
    for id_, alarm in alarms.items():
        name = alarm["AlarmName"]
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=ALARM, StateReason="a test")
        try:
            (ringing,) = cloudwatch.describe_alarms(StateValue=ALARM)["MetricAlarms"]
            assert ringing["AlarmName"] == name
            assert ringing["StateReason"] == "a test"
            assert REMEDIES[AlarmId(id_)] in ringing["AlarmDescription"]
            assert "Dashboard: https://" in ringing["AlarmDescription"]
            assert ringing["ActionsEnabled"]
            assert topics <= set(ringing["AlarmActions"])
            assert topics == set(ringing["OKActions"])
        finally:
            cloudwatch.set_alarm_state(
                AlarmName=name, StateValue=alarm["StateValue"], StateReason=alarm["StateReason"]
            )
    assert cloudwatch.describe_alarms(StateValue=ALARM)["MetricAlarms"] == []


def test_the_dashboard_shows_the_alarms_that_there_are(
    deployed: Deployed, alarms: dict[str, dict[str, Any]]
) -> None:
    cloudwatch = deployed.deployment.client("cloudwatch")
    body = cloudwatch.get_dashboard(DashboardName="allora-worker-us-east-1")["DashboardBody"]
    (shown,) = [each for each in json.loads(body)["widgets"] if each["type"] == "alarm"]
    assert set(shown["properties"]["alarms"]) == {alarm["AlarmArn"] for alarm in alarms.values()}
    instance = deployed.outputs["instance_id"]
    assert instance in body
