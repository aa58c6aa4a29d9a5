"""What `allora diagram` is made of: references, user data, texts and fonts."""

from __future__ import annotations

import pytest

from allora_cli.diagram.cards import Card
from allora_cli.diagram.fonts import text_width
from allora_cli.diagram.host import read_host
from allora_cli.diagram.layout import LINE_SIZE, break_line, text_lines
from allora_cli.diagram.terraform import Terraform
from user_data.cloud_config import (
    HostFile,
    encode_user_data,
    render_cloud_config,
    render_environment,
)

REMOTE = "data.terraform_remote_state.cross-stack-reference-input-allora-common"
STACKS = {
    "allora-common": {
        "resource": {"aws_sns_topic": {"topic_1": {"name": "alarms"}}},
        "output": {"cross-stack-output-topic_1arn": {"value": "${aws_sns_topic.topic_1.arn}"}},
    },
    "allora-single-node": {
        "resource": {
            "aws_vpc": {"net-work_2": {"cidr_block": "10.0.0.0/16"}},
            "aws_subnet": {"sub_3": {"vpc_id": "${aws_vpc.net-work_2.id}"}},
            "aws_cloudwatch_metric_alarm": {
                "alarm_4": {
                    "alarm_actions": [
                        "arn:aws:automate:us-east-1:ec2:recover",
                        f"${{{REMOTE}.outputs.cross-stack-output-topic_1arn}}",
                    ],
                    "dimensions": {"Zone": "${data.aws_subnet.old_5.availability_zone}"},
                }
            },
        },
        "data": {"aws_subnet": {"old_5": {"id": "subnet-1"}}},
    },
}


@pytest.fixture
def terraform() -> Terraform:
    return Terraform(STACKS)


def test_a_reference_leads_to_its_resource(terraform: Terraform) -> None:
    (subnet,) = terraform.all("aws_subnet")
    vpc = terraform.target(subnet, "vpc_id")
    assert vpc is not None
    assert vpc.address == "aws_vpc.net-work_2"
    assert terraform.referring(vpc, "vpc_id", "aws_subnet") == [subnet]
    assert terraform.referring(vpc, "vpc_id", "aws_internet_gateway") == []


def test_a_reference_into_another_stack_leads_to_that_stack_s_resource(
    terraform: Terraform,
) -> None:
    (alarm,) = terraform.all("aws_cloudwatch_metric_alarm")
    assert [(t.stack, t.address) for t in terraform.targets(alarm, "alarm_actions")] == [
        ("allora-common", "aws_sns_topic.topic_1")
    ]


def test_what_is_only_read_is_found_but_no_resource(terraform: Terraform) -> None:
    (alarm,) = terraform.all("aws_cloudwatch_metric_alarm")
    target = terraform.target(alarm, "dimensions")
    assert target is not None
    assert target.is_data
    assert target.type == "aws_subnet"
    assert target not in terraform.resources
    assert len(terraform.resources) == 4


def test_a_literal_refers_to_nothing(terraform: Terraform) -> None:
    (vpc,) = terraform.all("aws_vpc")
    assert terraform.target(vpc, "cidr_block") is None
    assert terraform.target(vpc, "not_there") is None


def user_data(variables: dict[str, str], compose: str) -> str:
    files = [
        HostFile("/etc/allora/host.env", render_environment(variables)),
        HostFile("/etc/allora/compose.settings.json", compose),
    ]
    return encode_user_data(render_cloud_config(files, command="/bin/true")).base64


def test_the_user_data_tells_what_runs_on_the_host() -> None:
    compose = '{"services": {"worker": {"environment": {"A": "$$x", "B": ""}}}}\n'
    host = read_host(user_data({"MODEL_REPO": "https://e.org/a b'c", "EMPTY": ""}, compose))
    assert host.variables == {"MODEL_REPO": "https://e.org/a b'c", "EMPTY": ""}
    assert host.worker("A") == "$x"
    assert host.worker("B") == host.worker("C") == ""


def test_user_data_without_its_files_is_an_error() -> None:
    nothing = encode_user_data(render_cloud_config([], command="/bin/true")).base64
    with pytest.raises(ValueError, match=r"no /etc/allora/host\.env"):
        read_host(nothing)


@pytest.mark.parametrize(
    ("text", "room", "lines"),
    [
        ("short", 100, ["short"]),
        ("", 100, []),
        ("one two three", 45, ["one two", "three"]),
        ("model-restarts, no-submission", 90, ["model-restarts,", "no-submission"]),
        ("a/" + "x" * 20, 60, ["a/xxxxxxx", "x" * 9, "x" * 4]),
        ("ghcr.io/organisation/image:1.0", 90, ["ghcr.io/", "organisation/", "image:1.0"]),
    ],
)
def test_lines_are_broken_where_one_would(text: str, room: int, lines: list[str]) -> None:
    assert break_line(text, room) == lines
    assert all(text_width(line, LINE_SIZE) <= room for line in lines)


def test_a_card_breaks_its_lines_for_its_width() -> None:
    lines = ["a rather long line of words"]
    assert len(text_lines(Card("t", lines, width=150))) == 2
    assert len(text_lines(Card("t", lines, width=300))) == 1


def test_widths_are_those_of_the_font() -> None:
    assert text_width("", 20) == 0
    assert text_width("iiii", 20) < text_width("mmmm", 20)
    assert text_width("abc", 20) < text_width("abc", 20, bold=True)
    assert abs(text_width("abcd" * 25, 20) - 2 * text_width("abcd" * 25, 10)) <= 1
    # DejaVu Sans Condensed: advance of "m" is 1795 of 2048 units.
    assert text_width("m", 2048) == 1795
    assert text_width("数", 10) > 0  # a character that the font does not have
