from __future__ import annotations

import ast
import inspect
import json
import logging
import sys
from typing import Any

import pytest
from allora_worker import metric_names, reports
from allora_worker.metric_names import FLEET_METRICS, METRICS, Metric

from tests.worker.log import Log

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
UNITS = {"Seconds", "Milliseconds", "Count", "None"}


@pytest.fixture
def log() -> Log:
    log = Log()
    reports.set_up(log)
    return log


def test_an_event_is_one_line_of_json(log: Log) -> None:
    reports.info("submitted", "first\nsecond", topic=69, nonce=1000)
    assert len(log.getvalue().splitlines()) == 1
    [line] = log.lines()
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "info",
        "event": "submitted",
        "message": "first\nsecond",
        "topic": 69,
        "nonce": 1000,
    }


def test_a_traceback_is_in_the_same_line(log: Log) -> None:
    try:
        int("oops")
    except ValueError:
        reports.error("internal_error", "a fault", trace=True)
    [line] = log.lines()
    assert "ValueError: invalid literal" in line["traceback"]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_is_in_the_embedded_metric_format(log: Log, metric: Metric) -> None:
    reports.metric(metric, 3, WorkerName="tester", TopicId="69")
    [line] = log.lines()
    directive = line["_aws"]
    assert isinstance(directive["Timestamp"], int)
    [definition] = directive["CloudWatchMetrics"]
    assert definition["Namespace"] == "Allora"
    assert definition["Metrics"] == [{"Name": metric.name, "Unit": metric.unit}]
    assert line[metric.name] == 3
    for names in definition["Dimensions"]:
        assert all(isinstance(line[name], str) for name in names)


def test_a_fleets_metrics_have_its_name_alone_and_the_rest_is_in_the_log(log: Log) -> None:
    for metric in METRICS:
        reports.metric(metric, 3, WorkerName="tester", TopicId="69", Fleet="fleet")
    lines = log.lines()
    assert [line[metric.name] for line, metric in zip(lines, METRICS, strict=True)] == [3] * len(
        METRICS
    )
    assert {line["WorkerName"] for line in lines} == {"tester"}
    recorded = [definition for line in lines if "_aws" in line for definition in extracted(line)]
    assert [names for definition in recorded for names in definition["Dimensions"]] == [
        ["Fleet"]
    ] * len(recorded)
    assert {metric["Name"] for definition in recorded for metric in definition["Metrics"]} == {
        metric.name for metric in METRICS if metric in FLEET_METRICS
    }


def extracted(line: dict[str, Any]) -> list[dict[str, Any]]:
    """What CloudWatch is told to record of a line."""
    found: list[dict[str, Any]] = line["_aws"]["CloudWatchMetrics"]
    return found


def test_names_and_units_are_known_and_unique() -> None:
    metrics = {*METRICS, *FLEET_METRICS}
    assert len({metric.name for metric in metrics}) == len(metrics)
    assert {metric.unit for metric in metrics} <= UNITS
    assert all(metric.meaning.endswith(".") for metric in metrics)
    declared = [value for value in vars(metric_names).values() if isinstance(value, Metric)]
    assert set(declared) == metrics


def test_the_names_can_be_imported_without_the_sdk() -> None:
    tree = ast.parse(inspect.getsource(metric_names))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    assert {str(module).split(".")[0] for module in modules} <= set(sys.stdlib_module_names)


def test_a_library_is_heard_from_warnings_on_whatever_level_it_sets(log: Log) -> None:
    logger = logging.getLogger("a_library_of_its_own_level")
    logger.setLevel(logging.DEBUG)  # as setup_sdk_logging of the Allora SDK does
    logger.info("Nothing to worry about")
    logger.warning("Something")
    assert [line["message"] for line in log.lines()] == ["Something"]


def test_a_library_says_the_same_only_once(log: Log) -> None:
    for attempt in range(5):
        logging.getLogger("allora_sdk").error("Connection attempt %d failed", attempt)
    logging.getLogger("allora_sdk").error("Something else")
    logging.getLogger("allora_sdk").info("Nothing to worry about")
    messages = [json.loads(line)["message"] for line in log.getvalue().splitlines()]
    assert messages == ["Connection attempt 0 failed", "Something else"]


def test_the_worker_may_repeat_itself(log: Log) -> None:
    reports.info("window", "a window")
    reports.info("window", "a window")
    assert len(log.lines()) == 2


def test_a_line_is_ascii_and_has_no_control_characters(log: Log) -> None:
    reports.info("said", "\x1b[2J\x85\u202e\x7fé", name="\x9b31m\x7f")
    text = log.getvalue()
    assert text.isascii()
    assert text.removesuffix("\n").isprintable()
    assert log.lines()[0]["message"] == "\x1b[2J\x85\u202e\x7fé"


def test_a_text_of_megabytes_is_shortened(log: Log) -> None:
    reports.warning("said", "x" * 10**6, text="y" * 10**6, topic=69)
    try:
        {}["z" * 10**6]
    except KeyError:
        reports.error("failed", "a fault", trace=True)
    reports.info("many", "", topic=69, **{f"text_{number}": "é" * 1500 for number in range(100)})
    assert len(log.getvalue()) < 30_000
    said, failed, many = log.lines()
    assert said["message"].endswith("(1000000 characters)")
    assert "test_reports.py" in failed["traceback"]
    assert (many["event"], many["topic"]) == ("many", 69)
    assert many["left_out"] > 100_000


def test_an_event_that_repeats_itself_is_told_in_part(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(reports.time, "monotonic", lambda: now)
    for _ in range(100):
        reports.warning("attempt_failed", "again", topic=69)
        reports.warning("websocket_frame", "oops", per_minute=1)
    reports.warning("attempt_failed", "another topic", topic=77)
    assert len(log.events("attempt_failed")) == 31
    assert len(log.events("websocket_frame")) == 1
    now += 61
    reports.warning("attempt_failed", "again", topic=69)
    assert log.events("attempt_failed")[-1]["suppressed"] == 70


def test_metrics_are_never_left_out(log: Log) -> None:
    for _ in range(100):
        reports.metric(METRICS[0], 1, WorkerName="tester")
    assert len(log.lines()) == 100


def test_a_library_that_has_much_to_say_is_heard_in_part(log: Log) -> None:
    for number in range(1000):
        logging.getLogger("allora_sdk").error("%s", chr(0x4E00 + number))
    assert len(log.lines()) == 30
