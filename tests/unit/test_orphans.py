"""Which orphans have a place in the stacks, and which have to go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from allora_cli.orphans.known import Known
from allora_cli.orphans.orphan import Fate, Orphan, orphan_lines
from allora_cli.orphans.places import imported, placed
from shared.stacks import COMMON, IMPORTS_FILE, SINGLE_NODE

STACKS: dict[str, dict[str, Any]] = {
    SINGLE_NODE: {
        "resource": {
            "aws_vpc": {"vpc_1": {}},
            "aws_subnet": {"subnet_1": {}},
            "aws_route_table": {"table_1": {}},
            "aws_route": {"route_1": {}},
            "aws_instance": {"host_1": {}},
            "aws_eip": {"address_1": {}},
            "aws_security_group": {"group_1": {}},
            "aws_vpc_security_group_ingress_rule": {
                "one": {"cidr_ipv4": "198.51.100.0/24"},
                "two": {"cidr_ipv4": "203.0.113.0/24"},
            },
        }
    },
    COMMON: {"resource": {"aws_cloudwatch_log_group": {"a": {"name": "/a"}, "b": {"name": "/b"}}}},
}
NOTHING = Known({}, {}, {SINGLE_NODE: frozenset(), COMMON: frozenset()})


def orphan(type_: str, id_: str, *, vpc: str = "vpc-1", **values: Any) -> Orphan:
    return Orphan(type_, id_, SINGLE_NODE, id_, vpc=vpc, import_id=id_, values=values)


def fates(*orphans: Orphan, known: Known = NOTHING) -> dict[str, str]:
    return {each.id: each.address for each in placed(orphans, known, STACKS)}


def test_each_gets_the_place_of_its_type() -> None:
    assert fates(orphan("aws_vpc", "vpc-1"), orphan("aws_eip", "eip-1", vpc="")) == {
        "vpc-1": "aws_vpc.vpc_1",
        "eip-1": "aws_eip.address_1",
    }


def test_a_host_is_never_taken_over() -> None:
    assert fates(orphan("aws_instance", "i-1")) == {"i-1": ""}


def test_a_second_one_has_no_place() -> None:
    assert fates(orphan("aws_eip", "1", vpc=""), orphan("aws_eip", "2", vpc="")) == {
        "1": "aws_eip.address_1",
        "2": "",
    }


def test_what_the_state_has_leaves_no_place() -> None:
    known = Known(
        {},
        {"aws_vpc": ({"id": "vpc-0"},)},
        {SINGLE_NODE: frozenset({"aws_vpc.vpc_1", "aws_eip.address_1"}), COMMON: frozenset()},
    )
    found = fates(
        orphan("aws_vpc", "vpc-1"),
        orphan("aws_subnet", "subnet-of-another-vpc"),
        orphan("aws_subnet", "subnet-of-ours", vpc="vpc-0"),
        orphan("aws_eip", "eip-1", vpc=""),
        known=known,
    )
    assert found == {
        "vpc-1": "",
        "subnet-of-another-vpc": "",
        "subnet-of-ours": "aws_subnet.subnet_1",
        "eip-1": "",
    }


def test_of_two_networks_the_larger_one_is_taken_over() -> None:
    found = fates(
        orphan("aws_vpc", "vpc-1", vpc="vpc-1"),
        orphan("aws_vpc", "vpc-2", vpc="vpc-2"),
        orphan("aws_subnet", "subnet-2", vpc="vpc-2"),
    )
    assert found == {"vpc-1": "", "vpc-2": "aws_vpc.vpc_1", "subnet-2": "aws_subnet.subnet_1"}


def test_rules_and_groups_are_told_apart_by_what_they_are_for() -> None:
    type_ = "aws_vpc_security_group_ingress_rule"
    found = fates(
        orphan("aws_security_group", "sg-1"),
        orphan(type_, "sgr-2", cidr_ipv4="203.0.113.0/24", security_group="sg-1"),
        orphan(type_, "sgr-old", cidr_ipv4="192.0.2.0/24", security_group="sg-1"),
    )
    assert found == {
        "sg-1": "aws_security_group.group_1",
        "sgr-2": f"{type_}.two",
        "sgr-old": "",
    }


def test_what_goes_with_its_parent_is_left_out() -> None:
    type_ = "aws_vpc_security_group_ingress_rule"
    found = fates(
        orphan("aws_security_group", "sg-1"),
        orphan("aws_security_group", "sg-2"),
        orphan(type_, "sgr-2", cidr_ipv4="203.0.113.0/24", security_group="sg-2"),
        orphan("aws_vpc", "vpc-1"),
        orphan("aws_vpc", "vpc-2", vpc="vpc-2"),
        orphan("aws_route", "rtb-2_0.0.0.0/0", vpc="vpc-2"),
    )
    assert found.keys() == {"sg-1", "sg-2", "vpc-1", "vpc-2"}


def test_imports_are_there_for_the_plan_alone(tmp_path: Path) -> None:
    (tmp_path / "stacks" / SINGLE_NODE).mkdir(parents=True)
    file = tmp_path / "stacks" / SINGLE_NODE / IMPORTS_FILE
    orphans = placed([orphan("aws_vpc", "vpc-1"), orphan("aws_instance", "i-1")], NOTHING, STACKS)
    with imported(tmp_path, orphans):
        assert json.loads(file.read_text()) == {"import": [{"to": "aws_vpc.vpc_1", "id": "vpc-1"}]}
    assert not file.exists()


def test_the_costly_come_first_with_their_price() -> None:
    cheap, dear, unknown = (
        Orphan("aws_vpc", "a", SINGLE_NODE, "the VPC a", address="aws_vpc.vpc_1"),
        Orphan("aws_eip", "b", SINGLE_NODE, "the address b", 3.65),
        Orphan("aws_instance", "c", SINGLE_NODE, "the instance c", None),
    )
    lines = list(orphan_lines([cheap, dear, unknown]))
    assert [line.split(",")[0] for line in lines] == [
        "the instance c",
        "the address b",
        "the VPC a",
    ]
    assert "3.65 USD a month" in lines[1]
    assert "takes it over" in lines[2]
    assert dear.as_dict()["fate"] == Fate.REMOVE
