"""What `make eject` makes of a stack: files by subject, variables, and what it refuses."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from devtools.eject import __main__ as command
from devtools.eject.configuration import require_known, subject_files, terraform_files
from devtools.eject.cross_stack import output_names, with_local_names
from devtools.eject.elements import Element, needed_first
from devtools.eject.expressions import Hcl
from devtools.eject.pack import pack
from devtools.eject.refusal import CannotWriteError, EjectError
from devtools.eject.schemas import Schemas
from devtools.eject.subjects import subject_of
from devtools.eject.user_data import with_readable_user_data
from devtools.eject.variables import with_variables
from settings import Settings
from user_data.archive import host_archive
from user_data.cloud_config import encode_user_data

ANY: dict[str, Any] = {"block_types": {}}
SCHEMAS = Schemas({"aws": ANY}, {"resource": {"aws_vpc": ANY, "aws_subnet": ANY}, "data": {}})


def element(construct: str, type_: str = "aws_vpc", **content: Any) -> Element:
    return Element("resource", type_, construct.replace("/", "_"), content, construct)


def of_construct(construct: str, **content: Any) -> dict[str, Any]:
    return {**content, "//": {"metadata": {"path": f"stack/{construct}"}}}


@pytest.mark.parametrize(
    ("construct", "type_", "file"),
    [
        ("network/vpc", "aws_vpc", "network"),
        ("host/instance", "aws_instance", "host"),
        ("monitoring/dashboard", "aws_cloudwatch_dashboard", "dashboard"),
        ("monitoring/no-submission", "aws_cloudwatch_metric_alarm", "alarms"),
        ("workers/btc-day/task", "aws_ecs_task_definition", "worker-btc-day"),
        ("", "terraform_remote_state", "common"),
        ("another/thing", "aws_thing", "another"),
    ],
)
def test_a_file_has_a_subject(construct: str, type_: str, file: str) -> None:
    assert subject_of(element(construct, type_)).file == file


def test_what_is_referred_to_comes_first() -> None:
    vpc = element("network/vpc")
    subnet = element("network/a-subnet", vpc_id=f"${{{vpc.address}.id}}")
    assert needed_first([subnet, vpc]) == [vpc, subnet]


def test_an_address_that_begins_another_is_no_reference() -> None:
    short, long = element("network/a"), element("network/a-b")
    refers = element("network/0", vpc=f"${{{long.address}.id}}")
    assert needed_first([refers, long, short])[-1] == refers
    alike = Element("data", short.type, short.name, {"vpc": f"{short.address}.id"}, "network/x")
    assert needed_first([alike, short]) == [short, alike]


def test_each_element_is_written_under_its_subject_with_what_it_was_called() -> None:
    stack = {
        "resource": {
            "aws_vpc": {"v": of_construct("network/vpc", cidr_block="10.0.0.0/16")},
            "aws_subnet": {"s": of_construct("network/subnet", vpc_id="${aws_vpc.v.id}")},
        },
        "import": [{"to": "aws_vpc.v", "id": "vpc-1"}],
        "moved": [{"from": "aws_vpc.old", "to": "aws_vpc.v"}],
    }
    files = subject_files(stack, SCHEMAS, {})
    assert files.keys() == {"network.tf"}
    assert files["network.tf"].startswith("# A VPC with a public subnet\n\nresource")
    for written in (
        'resource "aws_vpc" "v" {\n  cidr_block = "10.0.0.0/16"\n}\n',
        'import {\n  id = "vpc-1"\n  to = aws_vpc.v\n}\n',
        "moved {\n  from = aws_vpc.old\n  to = aws_vpc.v\n}\n",
        'resource "aws_subnet" "s" {\n  vpc_id = aws_vpc.v.id\n}\n',
    ):
        assert written in files["network.tf"]


def test_the_backend_keeps_its_lock_and_another_region_its_provider() -> None:
    stack = {
        "terraform": {
            "required_version": ">= 1.10.0",
            "required_providers": {"aws": {"source": "hashicorp/aws"}},
            "backend": {"s3": {"bucket": "b", "use_lockfile": True}},
        },
        "provider": {"aws": [{"region": "a"}, {"region": "b", "alias": "b"}]},
    }
    files = terraform_files(stack, SCHEMAS)
    assert (
        '  backend "s3" {\n    bucket = "b"\n    use_lockfile = true\n  }\n' in files["backend.tf"]
    )
    assert files["providers.tf"].count('provider "aws" {') == 2
    assert '  alias = "b"\n' in files["providers.tf"]


def test_settings_that_terraform_takes_as_they_are_become_variables() -> None:
    offered: dict[str, Any] = {"filter": [{"name": "instance-type", "values": ["t4g.small"]}]}
    message = {"precondition": [{"error_message": "t4g.small is not offered"}]}
    stack: dict[str, Any] = {
        "resource": {
            "aws_instance": {"i": {"instance_type": "t4g.small", "lifecycle": message}},
            "aws_vpc": {"v": {"cidr_block": "10.0.0.0/16"}},
            "aws_cloudwatch_log_group": {
                "a": {"retention_in_days": 30},
                "b": {"retention_in_days": 30},
            },
            # An expression is no setting.
            "aws_subnet": {"s": {"availability_zone": "${sort(a)[0]}"}},
        },
        "data": {"aws_ec2_instance_type_offerings": {"o": offered}},
    }
    changed, variables = with_variables(stack)
    resources = changed["resource"]
    assert {each.name: each.value for each in variables} == {
        "vpc_cidr": "10.0.0.0/16",
        "instance_type": "t4g.small",
        "log_retention_days": 30,
    }
    assert all(each.description for each in variables)
    assert resources["aws_instance"]["i"] == {
        "instance_type": "${var.instance_type}",
        "lifecycle": {"precondition": [{"error_message": "${var.instance_type} is not offered"}]},
    }
    group = {"retention_in_days": Hcl("var.log_retention_days")}
    assert resources["aws_cloudwatch_log_group"] == {"a": group, "b": group}
    (offerings,) = changed["data"]["aws_ec2_instance_type_offerings"].values()
    assert offerings["filter"][0]["values"] == ["${var.instance_type}"]
    assert resources["aws_subnet"] == stack["resource"]["aws_subnet"]


def test_a_value_that_differs_between_places_is_no_variable() -> None:
    groups = {"a": {"retention_in_days": 30}, "b": {"retention_in_days": 7}}
    _, variables = with_variables({"resource": {"aws_cloudwatch_log_group": groups}})
    assert variables == []


def test_outputs_of_another_stack_have_short_names() -> None:
    metadata = {"stackName": "common"}
    outputs = {
        "cross-stack-output-aws_sns_topic.alarm_D89A1C02.arn": "topic-output",
        "cross-stack-output-aws_iam_role.one_11111111.arn": "one-output",
        "cross-stack-output-aws_iam_role.two_22222222.arn": "two-output",
    }
    common = {"//": {"metadata": metadata, "outputs": {"common": outputs}}}
    node = {"//": {"metadata": {"stackName": "node"}}}
    names = output_names({"common": common, "node": node})
    assert names == {
        "topic-output": "sns_topic_arn",
        "one-output": "iam_role_one_11111111_arn",
        "two-output": "iam_role_two_22222222_arn",
    }
    state = "data.terraform_remote_state.common.outputs"
    changed, local_values = with_local_names({"a": [f"${{{state}.topic-output}}"]}, names)
    assert changed == {"a": ["${local.sns_topic_arn}"]}
    assert local_values == {"sns_topic_arn": Hcl(f"{state}.topic-output")}


TERRAFORM = {"required_version": "", "required_providers": {}, "backend": {}}


@pytest.mark.parametrize(
    ("stack", "named"),
    [
        ({"terraform": TERRAFORM, "module": {}}, "module"),
        ({"terraform": {**TERRAFORM, "cloud": {}}}, "cloud"),
        ({"terraform": TERRAFORM, "moved": [{"from": "a.b", "to": "a.b[0]"}]}, r"a\.b\[0\]"),
    ],
)
def test_what_would_be_left_out_is_refused(stack: dict[str, Any], named: str) -> None:
    with pytest.raises(CannotWriteError, match=named):
        require_known(stack)


def test_a_type_that_no_provider_has_is_refused() -> None:
    with pytest.raises(EjectError, match="aws_thing"):
        SCHEMAS.of_element("resource", "aws_thing")


def test_user_data_whose_digest_nothing_has_is_refused() -> None:

    encoded = encode_user_data("#cloud-config\n{}").base64
    stack = {"resource": {"aws_instance": {"host": {"user_data_base64": encoded}}}}
    with pytest.raises(CannotWriteError, match=r"aws_instance\.host"):
        with_readable_user_data(stack, None)


def test_an_unpacked_archive_is_packed_to_the_same_bytes(
    tmp_path: Path, make_settings: Any
) -> None:
    settings: Settings = make_settings()
    archive = host_archive(settings)
    folder = tmp_path / "archive"
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        opened.extractall(folder, filter="data")
    (folder / "bin" / "__pycache__").mkdir()
    (folder / "bin" / "__pycache__" / "aws.cpython-313.pyc").write_bytes(b"")
    assert pack(folder) == archive
    (folder / "bin" / "start.sh").write_text("")
    assert pack(folder) != archive


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    with pytest.raises(EjectError, match="not an empty folder"):
        command.eject(tmp_path)
    with pytest.raises(EjectError, match="names no folder"):
        command.eject(Path())
