"""What the stack `allora-single-node` is made of, and what it must never be."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.synthesized import Stack
from tests.unpacked import read_files

Synth = Callable[..., Stack]

EXISTING = {"AWS_VPC_ID": "vpc-0123456789abcdef0", "AWS_SUBNET_ID": "subnet-0123456789abcdef0"}


def test_outputs_are_exactly_those_promised(node: Synth) -> None:
    assert set(node().json["output"]) == {
        "instance_id",
        "public_ip",
        "vpc_id",
        "subnet_id",
        "security_group_id",
        "connect_command",
        "dashboard_url",
    }


def test_outputs_are_not_hidden(node: Synth) -> None:
    assert not [name for name, output in node().json["output"].items() if output.get("sensitive")]


class TestNetwork:
    def test_vpc_has_dns(self, node: Synth) -> None:
        vpc = node(AWS_VPC_CIDR="10.20.0.0/16").one("aws_vpc")
        assert vpc["cidr_block"] == "10.20.0.0/16"
        assert vpc["enable_dns_support"] is True
        assert vpc["enable_dns_hostnames"] is True

    def test_subnet_is_public_by_its_route_and_gives_out_no_addresses(self, node: Synth) -> None:
        stack = node()
        subnet = stack.one("aws_subnet")
        assert subnet["map_public_ip_on_launch"] is False
        route = stack.one("aws_route")
        assert route["destination_cidr_block"] == "0.0.0.0/0"
        assert "aws_internet_gateway" in route["gateway_id"]
        association = stack.one("aws_route_table_association")
        assert "aws_subnet" in association["subnet_id"]

    def test_default_security_group_is_emptied(self, node: Synth) -> None:
        group = node().one("aws_default_security_group")
        assert "ingress" not in group
        assert "egress" not in group

    def test_zone_is_one_that_offers_the_type_and_then_stays(self, node: Synth) -> None:
        stack = node(AWS_INSTANCE_TYPE="t4g.small")
        subnet = stack.one("aws_subnet")
        assert "aws_ec2_instance_type_offerings" in subnet["availability_zone"]
        assert '"^eu-central-1[a-z]$"' in subnet["availability_zone"]  # no local zone
        assert subnet["lifecycle"]["ignore_changes"] == ["availability_zone"]
        (offerings,) = stack.data("aws_ec2_instance_type_offerings")
        assert offerings["filter"] == [{"name": "instance-type", "values": ["t4g.small"]}]
        assert offerings["location_type"] == "availability-zone"
        (postcondition,) = offerings["lifecycle"]["postcondition"]
        assert "AWS_INSTANCE_TYPE: t4g.small" in postcondition["error_message"]

    def test_a_zone_that_is_set_counts(self, node: Synth) -> None:
        subnet = node(AWS_AVAILABILITY_ZONE="eu-central-1b").one("aws_subnet")
        assert subnet["availability_zone"] == "eu-central-1b"
        assert "lifecycle" not in subnet

    def test_existing_network_is_only_read(self, node: Synth) -> None:
        stack = node(**EXISTING)
        for made in (
            "aws_vpc",
            "aws_subnet",
            "aws_internet_gateway",
            "aws_route",
            "aws_route_table",
        ):
            assert stack.all(made) == []
        assert stack.all("aws_default_security_group") == []  # it may be in use
        (subnet,) = stack.data("aws_subnet")
        assert subnet["id"] == EXISTING["AWS_SUBNET_ID"]
        assert EXISTING["AWS_VPC_ID"] in subnet["lifecycle"]["postcondition"][0]["condition"]


class TestSecurityGroup:
    def test_only_the_worker_s_port_is_open(self, node: Synth) -> None:
        rule = node().one("aws_vpc_security_group_ingress_rule")
        assert (rule["from_port"], rule["to_port"]) == (9010, 9010)
        assert rule["ip_protocol"] == "tcp"
        assert rule["cidr_ipv4"] == "0.0.0.0/0"

    def test_one_rule_for_each_cidr(self, node: Synth) -> None:
        rules = node(ALLORA_INGRESS_CIDRS="203.0.113.0/24, 198.51.100.7/32").all(
            "aws_vpc_security_group_ingress_rule"
        )
        assert {rule["cidr_ipv4"] for rule in rules} == {"203.0.113.0/24", "198.51.100.7/32"}
        assert {rule["from_port"] for rule in rules} == {9010}

    def test_none_opens_nothing(self, node: Synth) -> None:
        assert node(ALLORA_INGRESS_CIDRS="none").all("aws_vpc_security_group_ingress_rule") == []

    def test_rules_are_resources_of_their_own(self, node: Synth) -> None:
        group = node().one("aws_security_group")
        assert "ingress" not in group
        assert "egress" not in group

    def test_every_description_is_one_that_ec2_takes(self, node: Synth) -> None:
        """Other characters are refused by EC2 alone, in the middle of a deployment.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html
        """
        stack = node(ALLORA_INGRESS_CIDRS="203.0.113.0/24,198.51.100.7/32")
        described = [
            resource["description"]
            for type_ in (
                "aws_security_group",
                "aws_vpc_security_group_ingress_rule",
                "aws_vpc_security_group_egress_rule",
            )
            for resource in stack.all(type_)
        ]
        assert len(described) == 4
        for description in described:
            assert re.fullmatch(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}", description)


class TestHost:
    def test_metadata_needs_a_token_and_is_out_of_reach_for_containers(self, node: Synth) -> None:
        assert node().one("aws_instance")["metadata_options"] == {
            "http_endpoint": "enabled",
            "http_tokens": "required",
            "http_put_response_hop_limit": 1,
            "instance_metadata_tags": "enabled",
        }

    def test_no_way_in_but_session_manager(self, node: Synth) -> None:
        stack = node()
        assert "key_name" not in stack.one("aws_instance")
        assert stack.all("aws_key_pair") == []
        ports = [rule["from_port"] for rule in stack.all("aws_vpc_security_group_ingress_rule")]
        assert 22 not in ports

    def test_root_volume_is_encrypted_gp3(self, node: Synth) -> None:
        root = node(AWS_ROOT_VOLUME_SIZE="40").one("aws_instance")["root_block_device"]
        assert (root["encrypted"], root["volume_type"], root["volume_size"]) == (True, "gp3", 40)

    @pytest.mark.parametrize(
        ("type_", "architecture"),
        [("t3.medium", "amd64"), ("t4g.small", "arm64"), ("m7g.large", "arm64")],
    )
    def test_image_is_ubuntu_for_the_type_s_architecture(
        self, node: Synth, type_: str, architecture: str
    ) -> None:
        (parameter,) = node(AWS_INSTANCE_TYPE=type_).data("aws_ssm_parameter")
        assert parameter["name"] == (
            "/aws/service/canonical/ubuntu/server/24.04/stable/current/"
            f"{architecture}/hvm/ebs-gp3/ami-id"
        )

    def test_a_newer_image_replaces_no_host(self, node: Synth) -> None:
        assert "ami" in node().one("aws_instance")["lifecycle"]["ignore_changes"]

    def test_a_pinned_image_counts(self, node: Synth) -> None:
        stack = node(AWS_AMI_ID="ami-0123456789abcdef0")
        instance = stack.one("aws_instance")
        assert instance["ami"] == "ami-0123456789abcdef0"
        assert "ami" not in instance["lifecycle"]["ignore_changes"]
        assert stack.data("aws_ssm_parameter") == []

    def test_a_change_of_user_data_or_architecture_replaces_the_host(self, node: Synth) -> None:
        stack = node()
        (address,) = [name for name in stack.addresses() if name.startswith("terraform_data.")]
        assert stack.one("aws_instance")["lifecycle"]["replace_triggered_by"] == [address]
        triggers = [
            node(**variables).one("terraform_data")["input"]
            for variables in (
                {},
                {"ALLORA_WORKER_TOPIC_ID": "77"},
                {"AWS_INSTANCE_TYPE": "t3.small"},
                {"AWS_INSTANCE_TYPE": "t4g.large"},
            )
        ]
        first, other_topic, other_architecture, other_size = triggers
        assert first["user_data_sha256"] != other_topic["user_data_sha256"]
        assert first["architecture"] != other_architecture["architecture"]
        assert first == other_size  # a larger type of the same architecture keeps the host

    def test_type_must_be_offered_in_the_subnet_s_zone(self, node: Synth) -> None:
        (precondition,) = node(**EXISTING).one("aws_instance")["lifecycle"]["precondition"]
        assert "aws_ec2_instance_type_offerings" in precondition["condition"]
        assert "data.aws_subnet" in precondition["condition"]
        assert "AWS_INSTANCE_TYPE: t4g.small" in precondition["error_message"]

    def test_instance_waits_for_the_way_to_the_internet(self, node: Synth) -> None:
        stack = node()
        for type_ in ("aws_instance", "aws_eip"):
            assert any(name.startswith("aws_route.") for name in stack.one(type_)["depends_on"])

    def test_address_is_apart_from_the_instance(self, node: Synth) -> None:
        stack = node()
        assert "instance" not in stack.one("aws_eip")
        association = stack.one("aws_eip_association")
        assert "aws_instance" in association["instance_id"]
        assert "aws_eip" in association["allocation_id"]

    def test_role_and_topic_come_from_the_common_stack(self, node: Synth) -> None:
        stack = node()
        profile = stack.one("aws_instance")["iam_instance_profile"]
        assert "data.terraform_remote_state" in profile
        (remote,) = stack.data("terraform_remote_state")
        assert remote["config"]["key"] == "allora-common/terraform.tfstate"


class TestDataVolume:
    def test_there_is_none_by_default(self, node: Synth) -> None:
        stack = node()
        assert stack.all("aws_ebs_volume") == []
        assert stack.all("aws_volume_attachment") == []
        assert "DataVolumeId" not in stack.one("aws_instance")["tags"]

    def test_gp3(self, node: Synth) -> None:
        stack = node(
            EDGE_DATA_VOL_TYPE="gp3",
            EDGE_DATA_VOL_SIZE="256",
            EDGE_DATA_VOL_IOPS="4000",
            EDGE_DATA_VOL_THROUGHPUT="250",
        )
        volume = stack.one("aws_ebs_volume")
        assert volume["encrypted"] is True
        assert volume["final_snapshot"] is True
        assert volume["timeouts"] == {"delete": "12h"}  # of a large volume it takes hours
        assert (volume["type"], volume["size"], volume["iops"], volume["throughput"]) == (
            "gp3",
            256,
            4000,
            250,
        )
        assert "aws_ebs_volume" in stack.one("aws_instance")["tags"]["DataVolumeId"]
        assert stack.one("aws_volume_attachment")["stop_instance_before_detaching"] is True

    @pytest.mark.parametrize("type_", ["io1", "io2"])
    def test_provisioned_iops_have_no_throughput(self, node: Synth, type_: str) -> None:
        volume = node(
            EDGE_DATA_VOL_TYPE=type_, EDGE_DATA_VOL_SIZE="100", EDGE_DATA_VOL_IOPS="3000"
        ).one("aws_ebs_volume")
        assert (volume["type"], volume["iops"]) == (type_, 3000)
        assert "throughput" not in volume

    def test_volume_is_no_part_of_the_instance(self, node: Synth) -> None:
        """It survives a replaced host only as a resource of its own, in the subnet's zone."""
        stack = node(EDGE_DATA_VOL_TYPE="gp3")
        assert "ebs_block_device" not in stack.one("aws_instance")
        zone = stack.one("aws_ebs_volume")["availability_zone"]
        assert "aws_subnet" in zone
        assert "aws_instance" not in zone

    def test_instance_store_is_no_ebs_volume(self, node: Synth) -> None:
        stack = node(AWS_INSTANCE_TYPE="i4i.large", EDGE_DATA_VOL_TYPE="instance-store")
        assert stack.all("aws_ebs_volume") == []


class TestHostArchive:
    def test_object_is_named_after_its_content_and_lies_beside_the_stack(
        self, node: Synth, tmp_path: Path
    ) -> None:
        uploaded = node(TF_STATE_BUCKET="my-bucket").one("aws_s3_object")
        # The bucket's default may be a key that the host's role cannot use.
        assert uploaded["server_side_encryption"] == "AES256"
        source = uploaded["source"].replace(
            "${path.module}", str(tmp_path / "cdktf.out/stacks/allora-single-node")
        )
        digest = hashlib.sha256(Path(source).read_bytes()).hexdigest()
        assert uploaded["bucket"] == "my-bucket"
        assert uploaded["key"] == f"allora-single-node/build-contexts/{digest}.tar"

    def test_it_is_there_for_as_long_as_a_host_may_ask_for_it(self, node: Synth) -> None:
        stack = node()
        assert stack.one("aws_s3_object")["lifecycle"]["create_before_destroy"] is True
        waits_for = stack.one("aws_instance")["depends_on"]
        assert any(address.startswith("aws_s3_object.") for address in waits_for)

    def test_it_goes_to_the_bucket_s_region(self, node: Synth) -> None:
        assert "provider" not in node().one("aws_s3_object")
        stack = node(TF_STATE_REGION="eu-west-1")
        assert stack.one("aws_s3_object")["provider"] == "aws.eu-west-1"
        regions = {p.get("alias"): p["region"] for p in stack.json["provider"]["aws"]}
        assert regions == {None: "eu-central-1", "eu-west-1": "eu-west-1"}

    def test_its_digest_is_in_the_user_data(self, node: Synth) -> None:
        stack = node()
        files = read_files(stack.one("aws_instance")["user_data_base64"])
        (variables,) = [file.content for file in files if file.path == "/etc/allora/host.env"]
        key = stack.one("aws_s3_object")["key"]
        assert f"ARCHIVE_SHA256={Path(key).stem}\n" in variables

    def test_it_is_there_when_the_host_builds_neither_image(self, node: Synth) -> None:
        images = {
            "ALLORA_WORKER_IMAGE": "example.org/worker:1.0",
            "MODEL_IMAGE": "example.org/model:1.0",
        }
        assert len(node(**images).all("aws_s3_object")) == 1


def test_old_host_is_gone_before_a_new_one_signs_with_the_same_wallet(node: Synth) -> None:
    assert "create_before_destroy" not in node().one("aws_instance")["lifecycle"]


def test_default_tags_name_the_worker(node: Synth) -> None:
    (provider,) = node(ALLORA_WORKER_NAME="mine").json["provider"]["aws"]
    (tags,) = provider["default_tags"]
    assert tags["tags"] == {
        "Project": "allora-worker",
        "Stack": "allora-single-node",
        "Worker": "mine",
        "ManagedBy": "cdktf",
    }
