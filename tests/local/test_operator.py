"""The `allora` command against the embedded AWS."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from devtools.embedded_aws.emulator import ACCOUNT_ID, Emulator
from tests.local import command
from tests.local.deployment import BUCKET, Deployment, make_bucket_of_another_account
from tests.local.terminal import CTRL_C, terminal


@pytest.fixture
def deployment(emulator: Emulator, tmp_path: Path) -> Deployment:
    return Deployment(emulator, tmp_path)


@pytest.fixture
def s3(deployment: Deployment) -> Any:
    return deployment.client("s3")


@pytest.fixture
def ssm(deployment: Deployment) -> Any:
    return deployment.client("ssm")


class TestBootstrap:
    def test_bucket_is_versioned_encrypted_private_tls_only_and_tidy(
        self, deployment: Deployment, s3: Any
    ) -> None:
        assert deployment.allora("bootstrap", "--yes").returncode == 0
        assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
        assert s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]
        blocked = s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
        assert set(blocked.values()) == {True}
        (statement,) = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
        assert statement["Effect"] == "Deny"
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert statement["Resource"] == [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]
        (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
        assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == 90
        assert "Expiration" not in rule  # never the state itself

    def test_nothing_is_made_without_an_answer(self, deployment: Deployment, s3: Any) -> None:
        refused = deployment.allora("bootstrap")
        assert refused.returncode == 1
        assert "#not-a-terminal" in refused.output
        with terminal(deployment, "bootstrap") as screen:
            screen.expect("Make these changes? [y/N]")
            screen.enter("n")
            assert screen.end() == 1
        assert f"The bucket {BUCKET} for Terraform's state will be created" in screen.text
        assert s3.list_buckets()["Buckets"] == []

    def test_again_changes_nothing_and_says_so(self, deployment: Deployment) -> None:
        first = deployment.allora("bootstrap", "--yes")
        again = deployment.allora("bootstrap")  # and needs no answer
        assert again.returncode == 0
        assert "created" in first.output
        assert "created" not in again.output
        assert "now" not in again.output

    def test_what_somebody_changed_is_mended_and_what_they_added_stays(
        self, deployment: Deployment, s3: Any
    ) -> None:
        assert deployment.allora("bootstrap", "--yes").returncode == 0
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
        added = {
            "Sid": "Audit",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"},
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{BUCKET}/*",
        }
        s3.put_bucket_policy(
            Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [added]})
        )
        mended = deployment.allora("bootstrap", "--yes")
        assert mended.returncode == 0, mended.output
        assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
        statements = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
        assert [statement["Sid"] for statement in statements] == ["Audit", "TlsOnly"]

    def test_other_regions(self, deployment: Deployment) -> None:
        deployment.write_env(AWS_REGION="eu-central-1")
        assert deployment.allora("bootstrap", "--yes").returncode == 0
        s3 = deployment.client("s3")
        location = s3.get_bucket_location(Bucket=f"allora-tfstate-{ACCOUNT_ID}-eu-central-1")
        assert location["LocationConstraint"] == "eu-central-1"

    def test_bucket_in_another_region_is_named(self, deployment: Deployment, s3: Any) -> None:
        s3.create_bucket(
            Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        deployment.write_env(TF_STATE_BUCKET="elsewhere")
        refused = deployment.allora("bootstrap", "--yes")
        assert refused.returncode == 1
        assert "TF_STATE_REGION=eu-west-1" in refused.output

    def test_somebody_else_s_bucket_is_left_alone(self, deployment: Deployment) -> None:
        make_bucket_of_another_account(deployment, "theirs")
        deployment.write_env(TF_STATE_BUCKET="theirs")
        refused = deployment.allora("bootstrap", "--yes")
        assert refused.returncode == 1
        assert "TF_STATE_BUCKET" in refused.output
        assert "another AWS account" in refused.output
        assert "Traceback" not in refused.output


class TestSecret:
    def test_is_stored_encrypted_and_never_shown(self, deployment: Deployment, ssm: Any) -> None:
        stored = deployment.allora("secret", "set", "api-key", stdin="UP-canary\n")
        assert stored.returncode == 0, stored.output
        assert "canary" not in stored.output
        found = ssm.get_parameter(Name="/allora/worker/api-key", WithDecryption=True)["Parameter"]
        assert (found["Value"], found["Type"]) == ("UP-canary", "SecureString")

    def test_is_never_overwritten_by_accident(self, deployment: Deployment, ssm: Any) -> None:
        deployment.allora("secret", "set", "api-key", stdin="first")
        refused = deployment.allora("secret", "set", "api-key", stdin="second")
        assert refused.returncode == 1
        assert "--replace" in refused.output
        assert value(ssm, "api-key") == "first"
        replaced = deployment.allora(
            "secret", "set", "api-key", "--replace", "--json", stdin="third"
        )
        assert json.loads(replaced.output) == {
            "parameter": "/allora/worker/api-key",
            "stored": True,
            "version": 2,
        }
        assert value(ssm, "api-key") == "third"

    def test_wallet_has_commands_of_its_own(self, deployment: Deployment, ssm: Any) -> None:
        refused = deployment.allora("secret", "set", "mnemonic", stdin="abandon about")
        assert refused.returncode == 1
        assert "allora wallet import" in refused.output
        assert "abandon" not in refused.output
        assert ssm.get_parameters(Names=["/allora/worker/mnemonic"])["Parameters"] == []

    @pytest.mark.parametrize(
        ("name", "text", "told"),
        [
            ("api-key", " \n", "No value"),
            ("api-key", "canary\nX-Other: header", "line breaks"),
            ("api-key", "c\N{LATIN SMALL LETTER A WITH GRAVE}nary", "not ASCII"),
            ("api-key", "canary" * 700, "longer than 4096 bytes"),
            ("inference-token", "canary-of-15-ch", "shorter than 16"),
        ],
    )
    def test_value_that_cannot_work_is_refused(
        self, deployment: Deployment, ssm: Any, name: str, text: str, told: str
    ) -> None:
        refused = deployment.allora("secret", "set", name, "--json", stdin=text)
        assert refused.returncode == 1
        assert told in refused.output
        assert "Nothing was stored" in refused.output
        assert "canary" not in refused.output
        assert ssm.get_parameters(Names=[f"/allora/worker/{name}"])["Parameters"] == []

    def test_a_name_that_the_host_never_reads_is_refused(self, deployment: Deployment) -> None:
        refused = deployment.allora("secret", "set", "model/CG_API_KEY", stdin="x")
        assert refused.returncode == 1
        assert "MODEL_SECRETS" in refused.output
        deployment.write_env(MODEL_SECRETS="CG_API_KEY")
        assert deployment.allora("secret", "set", "model/CG_API_KEY", stdin="x").returncode == 0

    def test_list_tells_what_is_stored_but_no_value(self, deployment: Deployment, ssm: Any) -> None:
        models = [f"SECRET_{number}" for number in range(12)]  # more than AWS gives at once
        deployment.write_env(MODEL_SECRETS=",".join(models))
        stored = ["/allora/worker/api-key", "/allora/worker/model/SECRET_11"]
        for name in (*stored, "/allora/other/mnemonic"):
            ssm.put_parameter(Name=name, Value="canary-value", Type="SecureString")
        listed = deployment.allora("secret", "list")
        assert listed.returncode == 0, listed.output
        lines = dict(line.split(maxsplit=1) for line in listed.output.splitlines())
        assert len(lines) == 15
        assert sorted(name for name in lines if lines[name] != "not stored") == sorted(stored)
        assert all(re.fullmatch(r"stored 20\d\d-.* UTC", lines[name]) for name in stored)
        as_json = deployment.allora("secret", "list", "--json").output
        versions = {each["parameter"]: each["version"] for each in json.loads(as_json)["secrets"]}
        assert {name for name, version in versions.items() if version} == set(stored)
        assert "canary" not in listed.output + as_json

    def test_prompt_does_not_echo(self, deployment: Deployment, ssm: Any) -> None:
        """At a real terminal, as a user would type it."""
        with terminal(deployment, "secret", "set", "api-key") as user:
            user.expect("not shown")
            user.enter_hidden("typed-canary")
            assert user.end() == 0, user.text
        assert "is stored" in user.text
        assert "typed-canary" not in user.text
        assert value(ssm, "api-key") == "typed-canary"

    def test_ctrl_c_in_the_prompt(self, deployment: Deployment, ssm: Any) -> None:
        with terminal(deployment, "secret", "set", "api-key") as user:
            user.expect("not shown")
            user.wait_until_hidden()
            user.type(f"typed-can{CTRL_C}")
            assert user.end() == 130, user.text
        assert "Nothing is lost" in user.text
        assert "Traceback" not in user.text
        assert "typed-can" not in user.text
        assert ssm.get_parameters(Names=["/allora/worker/api-key"])["Parameters"] == []


class TestErrors:
    def test_no_credentials(self, deployment: Deployment, tmp_path: Path) -> None:
        environment = {
            name: value
            for name, value in deployment.environment.items()
            if "ACCESS_KEY" not in name
        }
        result = command.run(["bootstrap"], environment | {"HOME": str(tmp_path)})
        assert result.returncode == 1
        assert "aws configure" in result.stderr
        assert "Traceback" not in result.stderr

    def test_aws_out_of_reach(self, deployment: Deployment) -> None:
        deployment.emulator = Emulator(url="http://127.0.0.1:9", pid=0)
        result = deployment.allora("bootstrap", "--yes")
        assert result.returncode == 1
        assert "does not answer" in result.output
        assert "Traceback" not in result.output

    def test_bad_settings(self, deployment: Deployment) -> None:
        deployment.write_env(AWS_REGION="us-est-1")
        result = deployment.allora("bootstrap", "--yes")
        assert result.returncode == 1
        assert "us-est-1" in result.output
        assert "Traceback" not in result.output


def value(ssm: Any, name: str) -> str:
    found = ssm.get_parameter(Name=f"/allora/worker/{name}", WithDecryption=True)
    text: str = found["Parameter"]["Value"]
    return text
