"""The golden file of logical ids. A changed id destroys a user's running host: never by accident.

Where a change is meant, add a `moved` block (`move_from_id`) and regenerate the file:
    UPDATE_GOLDEN=1 python -m pytest tests/synth/test_logical_ids.py
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from settings import Settings
from tests.conftest import sample_fleet
from tests.synthesized import Stack

GOLDEN = Path(__file__).parent / "logical_ids.json"

SITUATIONS = {
    "default": {},
    "everything": {
        "ALARM_EMAIL": "someone@example.org",
        "EDGE_DATA_VOL_TYPE": "gp3",
        "ALLORA_INGRESS_CIDRS": "203.0.113.0/24,198.51.100.7/32",
    },
    "existing network": {
        "AWS_VPC_ID": "vpc-0123456789abcdef0",
        "AWS_SUBNET_ID": "subnet-0123456789abcdef0",
        "AWS_AMI_ID": "ami-0123456789abcdef0",
    },
}


FLEETS = {"fleet": {}, "fleet in an existing network": SITUATIONS["existing network"]}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_logical_ids_and_outputs_are_those_of_the_golden_file(
    situation: str, synth: Callable[..., dict[str, Stack]]
) -> None:
    compare(situation, synth(**SITUATIONS[situation]))


@pytest.mark.parametrize("situation", FLEETS)
def test_a_worker_of_the_fleet_has_ids_by_its_name(
    situation: str,
    make_settings: Callable[..., Settings],
    synthesize: Callable[..., dict[str, Stack]],
) -> None:
    settings = make_settings(**FLEETS[situation])
    compare(situation, synthesize(settings, sample_fleet()))


def compare(situation: str, stacks: dict[str, Stack]) -> None:
    """Compare the stacks with the golden file, or write them there."""
    found = {
        name: {"addresses": stack.addresses(), "outputs": sorted(stack.json.get("output", {}))}
        for name, stack in sorted(stacks.items())
    }
    golden = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(json.dumps(golden | {situation: found}, indent=2) + "\n")
    else:
        assert found == golden[situation]
