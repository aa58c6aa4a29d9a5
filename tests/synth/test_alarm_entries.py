"""Each alarm has an entry in the runbook, and names commands that there are."""

from __future__ import annotations

import re

from typer.main import get_group

from allora_cli.app import app
from shared.alarm_remedies import REMEDIES, AlarmId
from tests.conftest import ROOT
from tests.synth.test_monitoring import Synth, alarms

RUNBOOK = (ROOT / "docs/operations.md").read_text("utf-8")
COMMANDS = set(get_group(app).commands)


def test_each_alarm_has_an_entry_and_no_other_is_there(node: Synth) -> None:
    ids = set(alarms(node()))
    assert set(re.findall(r"^### alarm-(\S+)$", RUNBOOK, re.MULTILINE)) == ids


def test_descriptions_name_commands_that_exist(node: Synth) -> None:
    descriptions = " ".join(alarm["alarm_description"] for alarm in alarms(node()).values())
    named = set(re.findall(r"\ballora ([a-z]+)", descriptions))
    assert named
    assert named <= COMMANDS


def test_a_full_disk_may_be_the_data_volume() -> None:
    assert "EDGE_DATA_VOL_SIZE" in REMEDIES[AlarmId.DISK_FULL]
    assert "/var/lib/allora" in REMEDIES[AlarmId.DISK_FULL]  # du -x stays on one disk
