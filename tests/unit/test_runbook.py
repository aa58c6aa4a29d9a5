"""Whatever a screen or an alarm can say has an entry in the runbook, and nothing else has one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_group

from allora_cli.app import app
from allora_cli.doctor.checks import CHECKS
from allora_cli.errors import ErrorCode, ExitCode
from allora_cli.status.conditions import Condition
from containers.worker.allora_worker.metric_names import METRICS, WORKER, WORKER_AND_TOPIC
from scripts.host.bin import host_status

RUNBOOK = (Path(__file__).resolve().parents[2] / "docs/operations.md").read_text("utf-8")


def section(title: str) -> str:
    """The text below a heading of the second level."""
    _, _, text = RUNBOOK.partition(f"\n## {title}\n")
    assert text, title
    return text.partition("\n## ")[0]


def entries(title: str) -> list[str]:
    return re.findall(r"^### (\S+)$", section(title), re.MULTILINE)


def commands() -> set[str]:
    return set(get_group(app).commands)


EXPECTED = {
    "Errors": set(ErrorCode),
    "What `allora doctor` says": {f"doctor-{check.id}" for check in CHECKS},
    "What `allora status` says": {
        str(finding) for finding in Condition if finding.startswith("status-")
    },
}


@pytest.mark.parametrize("title", EXPECTED)
def test_everything_that_is_said_has_an_entry_and_nothing_else(title: str) -> None:
    found = entries(title)
    assert len(found) == len(set(found))
    assert set(found) == EXPECTED[title]


def test_no_entry_is_empty() -> None:
    texts = re.split(r"^### \S+$", RUNBOOK, flags=re.MULTILINE)[1:]
    assert texts
    assert [text for text in texts if len(text.split("\n## ")[0].strip()) < 60] == []


def test_every_command_is_listed() -> None:
    listed = set(re.findall(r"^\|[^|]*\| `allora ([a-z]+)", RUNBOOK, re.MULTILINE))
    also = set(re.findall(r"`allora ([a-z]+)", section("Day by day")))
    assert commands() <= listed | also
    assert listed <= commands()


def test_every_exit_code_is_explained() -> None:
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", section("Exit codes"), re.MULTILINE)}
    assert codes == {int(code) for code in ExitCode}


def test_each_metric_is_listed_with_its_worth() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| (\w+) \| ([^|]+) \|", section("What the metrics are worth"), re.MULTILINE
    )
    of_worker = {
        metric.name: (
            {WORKER: "worker", WORKER_AND_TOPIC: "topic"}[metric.dimensions[0]],
            metric.only_in_trouble,
        )
        for metric in METRICS
    }
    of_host = dict.fromkeys(host_status.METRICS, ("host", False))
    assert {name: (by, sent == "in trouble") for name, by, sent in rows} == of_worker | of_host


def test_the_metrics_cost_what_the_runbook_says() -> None:
    text = section("What the metrics are worth")
    steady = sum(not metric.only_in_trouble for metric in METRICS) + len(host_status.METRICS)
    assert steady == 8
    assert "sends eight metrics all the time, and four more only in trouble" in " ".join(
        text.split()
    )
    assert f"{steady * 0.30:.2f} USD" in text
