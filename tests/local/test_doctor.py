"""`allora doctor`: what it finds on the embedded AWS, and on ones that answer with errors."""

from __future__ import annotations

import json
import os
import re
import subprocess
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from allora_cli.aws.needed_actions import deploying_actions, fleet_actions, operating_actions
from allora_cli.doctor import examine
from allora_cli.doctor.checks import CHECKS
from allora_cli.doctor.findings import Group, Scope
from allora_cli.terraform.state_bucket import ensure_state_bucket
from allora_cli.wallet.mnemonic import make_words
from devtools.embedded_aws.emulator import ACCOUNT_ID, Emulator
from devtools.embedded_aws.front.account import Plan
from settings import load_settings
from tests.http_server import Handler, handled_by
from tests.local.command import Finished
from tests.local.deployment import (
    BUCKET,
    REGION,
    ROOT,
    Deployment,
    make_bucket_of_another_account,
)
from tests.local.identities import assumed, policy, user
from tests.local.interposer import holding
from tests.local.reported import STATUS, ReportedHost
from tests.local.template import Deployed
from tests.local.terminal import terminal
from tests.price_server import PriceServer, price_server

WORDS = "abandon " * 11 + "about"
ADDRESS = "allo19rl4cm2hmr8afy4kldpxz3fka4jguq0ajnh7gv"


def post(url: str, body: str = "") -> None:
    request = urllib.request.Request(url, body.encode(), method="POST")  # noqa: S310
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310


class Chain:
    """A fake chain in a process of its own."""

    def __init__(self, urls: dict[str, str]) -> None:
        self.rest = urls["rest"]
        self._control = urls["control"]

    def behave(self, **changes: object) -> None:
        post(f"{self._control}/behaviour", json.dumps(changes))


ASKING = {"Effect": "Allow", "Action": "iam:SimulatePrincipalPolicy", "Resource": "*"}
"""What the check of permissions needs itself."""


@pytest.fixture(scope="module")
def running_chain() -> Iterator[Chain]:
    command = [".tools/images/bin/python", "-m", "devtools.fake_chain", "--topic=69", "--topic=77"]
    ports = ["--grpc-port=0", "--websocket-port=0", "--rest-port=0", "--control-port=0"]
    with subprocess.Popen([*command, *ports], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout
        line = process.stdout.readline()
        assert line, "the fake chain did not start: make setup, with the part images"
        yield Chain(json.loads(line))
        process.terminate()


@pytest.fixture
def chain(running_chain: Chain) -> Iterator[Chain]:
    yield running_chain
    running_chain.behave(
        frozen=False, refuse=False, unimplemented=False, inactive=False, balance=10**21
    )


@pytest.fixture
def deployment(emulator: Emulator, tmp_path: Path, chain: Chain, prices: PriceServer) -> Deployment:
    """Everything is ready for a deployment."""
    made = Deployment(emulator, tmp_path)
    made.variables["AWS_ENDPOINT_URL_PRICING"] = prices.url
    made.write_env(ALLORA_API_URL=chain.rest)
    bootstrap(made)
    store(made, "mnemonic", WORDS)
    return made


def bootstrap(deployment: Deployment) -> None:
    for _ in ensure_state_bucket(
        deployment.client("s3"),
        bucket=BUCKET,
        region=REGION,
        account_id=ACCOUNT_ID,
        partition="aws",
    ):
        pass


def store(deployment: Deployment, name: str, value: str, *, worker: str = "worker") -> None:
    deployment.client("ssm").put_parameter(
        Name=f"/allora/{worker}/{name}", Value=value, Type="SecureString", Overwrite=True
    )


def run(deployment: Deployment, *options: str, **environment: str) -> Finished:
    return deployment.allora_apart("doctor", *options, environment=environment)


class Report:
    """The document of `allora doctor --json`."""

    def __init__(self, text: str) -> None:
        self.document = json.loads(text)
        self.healthy: bool | None = self.document["healthy"]
        self.unchecked: int = self.document["unchecked"]
        self.checks = {check["id"]: check for check in self.document["checks"]}

    def verdict(self, check: str) -> str:
        verdict: str = self.checks[check]["verdict"]
        return verdict

    def verdicts(self, verdict: str) -> set[str]:
        return {check for check in self.checks if self.verdict(check) == verdict}

    def text(self, check: str) -> str:
        found = self.checks[check]
        return f"{found['detail']} -> {found['remedy']}"


def reported(deployment: Deployment, **environment: str) -> Report:
    """What the command finds, in a process of its own."""
    done = run(deployment, "--json", **environment)
    report = Report(done.stdout)
    assert done.returncode == (0 if report.healthy else 3), done.stdout + done.stderr
    return report


BUT_COMPUTER = [check for check in CHECKS if check.group is not Group.COMPUTER]
OF_THE_HOST = [check for check in BUT_COMPUTER if check.scope is not Scope.FLEET]


def examined(deployment: Deployment, **environment: str) -> Report:
    """The same in this process, which takes a third of the time; without the tools."""
    with mock.patch.dict(os.environ, deployment.environment | environment, clear=True):
        return Report(json.dumps(examine(checks=BUT_COMPUTER).as_dict()))


@contextmanager
def answering(status: int, body: str, kind: str = "text/xml") -> Iterator[str]:
    """An AWS that answers everything in the same way."""

    class Always(Handler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send(status, body.encode(), {"Content-Type": kind})

        do_GET = do_HEAD = do_POST  # noqa: N815 - their names

    with handled_by(Always) as url:
        yield url


def error(code: str) -> str:
    """In the form of the query protocol, which STS, IAM and EC2 speak."""
    return (
        f"<ErrorResponse><Error><Code>{code}</Code><Message>so it is</Message></Error>"
        f"<Errors><Error><Code>{code}</Code><Message>so it is</Message></Error></Errors>"
        "</ErrorResponse>"
    )


class TestReady:
    def test_nothing_is_in_the_way(self, deployment: Deployment) -> None:
        report = reported(deployment)
        assert report.healthy
        assert report.verdicts("fail") == set()
        assert report.verdicts("unknown") == set()
        assert report.verdicts("skipped") == set()
        # What `allora connect` needs may be missing here.
        assert report.verdicts("warning") <= {"session-manager"}

    def test_the_document_is_for_scripts(self, deployment: Deployment) -> None:
        done = run(deployment, "--json")
        document = json.loads(done.stdout)
        assert document["healthy"] is True
        assert [check["id"] for check in document["checks"]] == [check.id for check in CHECKS]
        for check in document["checks"]:
            assert set(check) == {
                "id", "group", "title", "verdict", "detail", "remedy", "facts"
            }  # fmt: skip
            assert check["detail"] or check["verdict"] == "ok"
        facts = {check["id"]: check["facts"] for check in document["checks"]}
        assert facts["wallet"] == {"address": ADDRESS}
        assert facts["balance"] == {"uallo": 10**21}
        assert facts["vcpus"] == {
            "quota": "L-1216C47A", "limit": 32.0, "used": 0, "needed": 2
        }  # fmt: skip
        assert facts["cost"]["usd_a_month"] == 17.71
        assert facts["topics"]["topics"] == [
            {"id": 69, "name": "Topic 69 of a fake chain", "active": True}
        ]
        assert facts["model-fit"]["topics"] == [
            {"id": 69, "kind": "price", "token": "BTC", "horizon": "1d"}
        ]

    def test_no_word_of_the_wallet_is_shown(self, deployment: Deployment) -> None:
        for done in (run(deployment), run(deployment, "--json")):
            assert ADDRESS in done.stdout
            assert "abandon" not in done.stdout + done.stderr

    def test_nothing_is_changed(self, deployment: Deployment) -> None:
        s3 = deployment.client("s3")
        before = s3.list_object_versions(Bucket=BUCKET).get("Versions", [])
        run(deployment)
        assert s3.list_object_versions(Bucket=BUCKET).get("Versions", []) == before

    def test_one_screen(self, deployment: Deployment) -> None:
        """At a real terminal of 100 columns and 40 lines, from the first line to the last."""
        deployment.write_env(AWS_ACCOUNT_ID=ACCOUNT_ID)
        deployment.client("ssm").delete_parameter(Name="/allora/worker/mnemonic")
        with terminal(deployment, "doctor", rows=40, columns=100) as user:
            assert user.end() == 3, user.text
        assert "Checking" in user.text
        lines = user.display.splitlines()
        shown = "\n".join(lines)
        assert lines[0].startswith("worker worker for topic 69 on testnet, account 123456789012")
        for group in {check.group.value for check in CHECKS}:
            assert any(line.startswith(group) for line in lines), shown
        assert "✘ Secrets" in shown
        assert "→ allora wallet create" in shown
        assert "Fix each ✘, then run: allora doctor" in shown
        assert "Checking" not in shown  # what turned is gone


class TestComputer:
    def test_missing_tools(self, deployment: Deployment, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        report = reported(deployment, PATH=str(tmp_path / "empty"))
        assert not report.healthy
        assert report.verdicts("fail") == {"node", "cdktf", "terraform"}
        assert "make setup" in report.text("terraform")
        # Needed by one command alone.
        assert report.verdict("session-manager") == "warning"
        assert report.checks["session-manager"]["facts"]["missing"] == [
            "AWS CLI", "Session Manager plugin"
        ]  # fmt: skip
        assert report.text("session-manager").count("https://docs.aws.amazon.com/") == 2

    @pytest.mark.parametrize(
        ("tool", "prints", "check"),
        [
            ("terraform", "Terraform v1.9.8", "terraform"),
            ("cdktf", "0.20.12", "cdktf"),
            ("cdktf", "0.22.0", "cdktf"),
            ("node", "v18.20.0", "node"),
        ],
    )
    def test_other_versions(
        self, deployment: Deployment, tmp_path: Path, tool: str, prints: str, check: str
    ) -> None:
        script = tmp_path / tool
        script.write_text(f"#!/bin/sh\necho '{prints}'\n")
        script.chmod(0o755)
        report = reported(deployment, PATH=f"{tmp_path}:{os.environ['PATH']}")
        assert check in report.verdicts("fail")
        assert re.search(r"\d\.\d+", prints)[0] in report.text(check)  # type: ignore[index]

    @pytest.mark.parametrize(
        "script", ["#!/bin/sh\necho broken >&2; exit 1\n", "#!/no/such/shell\n"]
    )
    def test_tools_that_do_not_run(
        self, deployment: Deployment, tmp_path: Path, script: str
    ) -> None:
        (tmp_path / "cdktf").write_text(script)
        (tmp_path / "cdktf").chmod(0o755)
        report = reported(deployment, PATH=f"{tmp_path}:{os.environ['PATH']}")
        assert report.verdicts("fail") == {"cdktf"}
        assert "does not run: " in report.text("cdktf")

    def test_everything_for_connect(self, deployment: Deployment, tmp_path: Path) -> None:
        for tool in ("aws", "session-manager-plugin"):
            (tmp_path / tool).write_text("#!/bin/sh\n")
            (tmp_path / tool).chmod(0o755)
        report = reported(deployment, PATH=f"{tmp_path}:{os.environ['PATH']}")
        assert report.verdict("session-manager") == "ok"


class TestAccount:
    def test_bad_settings_are_all_shown_and_nothing_else_is_asked(
        self, deployment: Deployment
    ) -> None:
        deployment.write_env(AWS_REGION="us-est-1", ALLORA_WORKER_PORT="99")
        report = examined(deployment)
        assert not report.healthy
        assert report.verdicts("fail") == {"settings"}
        assert "us-est-1" in report.text("settings")
        assert "ALLORA_WORKER_PORT" in report.text("settings")
        assert report.verdict("credentials") == "skipped"

    def test_remarks_stop_nothing(self, deployment: Deployment) -> None:
        deployment.write_env(ALLORA_ENV="dev")  # means nothing any more
        report = examined(deployment)
        assert report.healthy
        assert report.verdict("settings") == "warning"
        assert "ALLORA_ENV" in report.text("settings")

    def test_no_credentials(self, deployment: Deployment, tmp_path: Path) -> None:
        nobody = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "HOME": str(tmp_path)}
        report = examined(deployment, **nobody)
        assert report.verdicts("fail") == {"credentials"}
        assert "aws configure sso" in report.text("credentials")
        assert report.verdict("region") == "skipped"
        assert report.verdict("cost") == "skipped"

    def test_a_profile_that_is_not_there(self, deployment: Deployment, tmp_path: Path) -> None:
        deployment.write_env(AWS_PROFILE="nobody-s")
        report = examined(deployment, HOME=str(tmp_path))
        assert "nobody-s" in report.text("credentials")
        assert report.verdict("credentials") == "fail"

    @pytest.mark.parametrize(
        ("code", "says"),
        [("ExpiredToken", "aws sso login"), ("InvalidClientTokenId", "AWS refuses them")],
    )
    def test_credentials_that_aws_refuses(
        self, deployment: Deployment, code: str, says: str
    ) -> None:
        with answering(403, error(code)) as url:
            report = examined(deployment, AWS_ENDPOINT_URL=url)
        assert not report.healthy
        assert report.verdicts("fail") == {"credentials"}
        assert says in report.text("credentials")

    def test_aws_out_of_reach_is_no_fault_of_the_credentials(self, deployment: Deployment) -> None:
        """Nor is it a success: one line says why, and how much could not be checked."""
        done = run(deployment, AWS_ENDPOINT_URL="http://127.0.0.1:9")
        assert done.returncode == 3
        assert done.stdout.count("does not answer") == 1
        assert "Not checked" in done.stdout
        report = examined(deployment, AWS_ENDPOINT_URL="http://127.0.0.1:9")
        assert report.healthy is None
        assert report.verdicts("unknown") == {"credentials"}
        assert report.unchecked == len(OF_THE_HOST) - len(
            {"settings", "model-source", "container-images", "exposure"}
            | {"endpoints", "topics", "model-fit"}
        )
        assert f"{report.unchecked} of {len(CHECKS)} checks could not be made" in done.stdout

    def test_another_account(self, deployment: Deployment) -> None:
        deployment.write_env(AWS_ACCOUNT_ID="210987654321")
        report = examined(deployment)
        assert report.verdicts("fail") == {"credentials"}
        assert ACCOUNT_ID in report.text("credentials")
        assert "210987654321" in report.text("credentials")

    @pytest.mark.parametrize(("minutes", "verdict"), [(10, "warning"), (300, "ok")])
    def test_credentials_that_end_soon(
        self, deployment: Deployment, minutes: int, verdict: str
    ) -> None:
        end = datetime.now(UTC) + timedelta(minutes=minutes, seconds=30)
        report = examined(
            deployment, AWS_SESSION_TOKEN="token", AWS_CREDENTIAL_EXPIRATION=end.isoformat()
        )
        assert report.verdict("credentials") == verdict
        assert report.checks["credentials"]["facts"]["until"] == end.isoformat()

    def test_a_region_that_is_not_enabled(self, deployment: Deployment) -> None:
        deployment.write_env(AWS_REGION="il-central-1")  # moto enables none that must be
        report = examined(deployment)
        assert report.verdict("region") == "fail"
        assert "il-central-1" in report.text("region")
        assert report.verdict("instance-type") == "skipped"

    def test_a_region_that_does_not_know_the_credentials(self, deployment: Deployment) -> None:
        with answering(401, error("AuthFailure")) as url:
            report = examined(deployment, AWS_ENDPOINT_URL_EC2=url)
        assert report.verdict("region") == "fail"

    def test_one_who_may_not_look_at_anything_is_not_stopped(self, deployment: Deployment) -> None:
        with answering(403, error("UnauthorizedOperation")) as url:
            report = examined(deployment, AWS_ENDPOINT_URL_EC2=url)
        assert report.healthy is None
        assert report.verdict("region") == "ok"
        assert report.verdicts("unknown") == {
            "instance-type", "vcpus", "elastic-ips", "vpcs", "other-hosts", "one-wallet"
        }  # fmt: skip
        assert "may not call DescribeAddresses" in report.text("elastic-ips")


class TestFleet:
    """A `fleet.toml` beside the settings, and no single host."""

    @pytest.fixture
    def fleet(self, deployment: Deployment) -> Deployment:
        (deployment.directory / "fleet.toml").write_text(
            "[workers.a]\n[workers.b]\ncapacity = 'FARGATE_SPOT'\n[workers.c]\npaused = true\n"
        )
        for name, words in (("a", WORDS), ("b", make_words())):
            store(deployment, "mnemonic", words, worker=name)
        return deployment

    def test_one_line_a_check_and_none_of_the_host(self, fleet: Deployment) -> None:
        report = examined(fleet)
        assert report.verdicts("fail") | report.verdicts("unknown") == set()
        assert report.verdicts("skipped") == set()
        assert report.checks["vcpus"]["facts"] == report.checks["wallet"]["facts"] == {}
        assert report.checks["fleet-wallets"]["facts"]["addresses"]["a"] == ADDRESS
        # two tasks, one of them on Spot, and two addresses
        assert report.checks["cost"]["facts"]["usd_a_month"] == 16.8
        assert "Spot by AWS's price of 2026-09-28" in report.text("cost")

    def test_what_keeps_a_fleet_from_working(self, fleet: Deployment) -> None:
        store(fleet, "mnemonic", WORDS, worker="b")
        set_quota(fleet, "fargate", "L-36FBB829", 0.0)
        report = examined(fleet)
        assert report.verdicts("fail") == {"fleet-vcpus", "fleet-wallets"}
        assert "Spot: 0.25 needed, 0 of 0 free" in report.text("fleet-vcpus")
        assert "services/fargate/quotas/L-36FBB829" in report.text("fleet-vcpus")
        assert "a and b sign with one wallet" in report.text("fleet-wallets")

    @pytest.mark.parametrize(
        ("of_fleet", "verdict"), [((fleet_actions,), "ok"), ((), "fail")], ids=["fleet", "host"]
    )
    def test_it_needs_permissions_of_its_own(
        self, fleet: Deployment, of_fleet: tuple[Any, ...], verdict: str
    ) -> None:
        settings = load_settings(fleet.directory / "env", {})
        statements = [
            {"Effect": "Allow", "Action": list(actions), "Resource": resource}
            for needed in (deploying_actions, operating_actions, *of_fleet)
            for resource, actions in needed(settings)
        ]
        report = examined(fleet, **user(fleet, *statements, ASKING))
        assert report.verdict("permissions") == verdict
        if not of_fleet:
            assert "ecs:CreateService" in report.checks["permissions"]["facts"]["missing"]


class TestPermissions:
    def test_missing_actions_are_named(self, deployment: Deployment) -> None:
        allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        denied = {"Effect": "Deny", "Action": ["iam:PassRole", "ec2:RunInstances"], "Resource": "*"}
        report = examined(deployment, **user(deployment, allowed, denied))
        assert report.verdicts("fail") == {"permissions"}
        facts = report.checks["permissions"]["facts"]
        assert facts["missing"] == ["ec2:RunInstances", "iam:PassRole"]
        assert "ec2:RunInstances, iam:PassRole" in report.text("permissions")
        assert "administrator" in report.text("permissions")

    def test_one_who_may_do_just_that(self, deployment: Deployment) -> None:
        """A policy made of the list itself, each action on its resource alone."""
        settings = load_settings(deployment.directory / "env", {})
        statements = [
            {"Effect": "Allow", "Action": list(actions), "Resource": resource}
            for resource, actions in (*deploying_actions(settings), *operating_actions(settings))
        ]
        report = examined(deployment, **user(deployment, *statements, ASKING))
        assert report.verdict("permissions") == "ok"
        assert "all " in report.text("permissions")

    def test_one_who_may_in_the_region_alone(self, deployment: Deployment) -> None:
        """Conditions on the region are known to be met."""
        condition = {"StringEquals": {"aws:RequestedRegion": REGION}}
        statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
        assert examined(deployment, **user(deployment, statement)).verdict(
            "permissions"
        ) == "ok"  # fmt: skip

    def test_what_only_other_commands_need_stops_nothing(self, deployment: Deployment) -> None:
        settings = load_settings(deployment.directory / "env", {})
        statements = [
            {"Effect": "Allow", "Action": list(actions), "Resource": resource}
            for resource, actions in deploying_actions(settings)
        ]
        report = examined(deployment, **user(deployment, *statements, ASKING))
        assert report.verdict("permissions") == "warning"
        missing = report.checks["permissions"]["facts"]["missing_for_operation"]
        assert "ssm:SendCommand" in missing
        assert "docs/permissions.md" in report.text("permissions")

    def test_an_action_on_other_resources_is_none(self, deployment: Deployment) -> None:
        """Snapshots' ARNs have no account; an instance is launched with an image and others."""
        deployment.write_env(EDGE_DATA_VOL_TYPE="gp3", EDGE_DATA_VOL_SIZE="20")
        allowed = {"Effect": "Allow", "NotAction": ["ec2:CreateSnapshot"], "Resource": "*"}
        ours = {
            "Effect": "Allow",
            "Action": "ec2:CreateSnapshot",
            "Resource": [f"arn:aws:ec2:*:{ACCOUNT_ID}:snapshot/*", "arn:aws:ec2:*:*:volume/*"],
        }
        image = {
            "Effect": "Deny",
            "Action": "ec2:RunInstances",
            "Resource": "arn:aws:ec2:*::image/*",
        }
        report = examined(deployment, **user(deployment, allowed, ours, image))
        missing = report.checks["permissions"]["facts"]["missing"]
        assert missing == ["ec2:CreateSnapshot", "ec2:RunInstances"]

    def test_the_service_linked_role_is_created_once(self, deployment: Deployment) -> None:
        linked = "iam:CreateServiceLinkedRole"
        keys = user(deployment, {"Effect": "Allow", "NotAction": linked, "Resource": "*"})
        report = examined(deployment, **keys)
        assert report.checks["permissions"]["facts"]["missing"] == [linked]
        deployment.client("iam").create_role(  # under the name that AWS gives it, and moto does not
            RoleName="AWSServiceRoleForCloudWatchEvents",
            Path="/aws-service-role/events.amazonaws.com/",
            AssumeRolePolicyDocument=policy(),
        )
        assert examined(deployment, **keys).verdict("permissions") == "ok"

    def test_a_role_with_a_path(self, deployment: Deployment) -> None:
        """As IAM Identity Center makes them; the caller's ARN lacks the path."""
        iam = deployment.client("iam")
        trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        name = "AWSReservedSSO_Admin_0123456789abcdef"
        role = iam.create_role(
            RoleName=name,
            Path="/aws-reserved/sso.amazonaws.com/",
            AssumeRolePolicyDocument=policy(trust),
        )["Role"]
        allowed = {"Effect": "Allow", "NotAction": "sns:*", "Resource": "*"}
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(allowed))
        report = examined(deployment, **assumed(deployment, role["Arn"]))
        assert report.verdict("permissions") == "fail"
        missing = report.checks["permissions"]["facts"]["missing"]
        assert missing
        assert {name.partition(":")[0] for name in missing} == {"sns"}

    def test_one_who_may_not_ask_is_not_stopped(self, deployment: Deployment) -> None:
        keys = user(deployment, {"Effect": "Allow", "Action": "*", "Resource": "*"})
        with answering(403, error("AccessDenied")) as url:
            report = examined(deployment, **keys, AWS_ENDPOINT_URL_IAM=url)
        assert report.verdict("permissions") == "unknown"
        assert report.healthy is None


class TestState:
    def test_no_bucket(self, deployment: Deployment) -> None:
        deployment.write_env(TF_STATE_BUCKET="not-there-yet")
        report = examined(deployment)
        assert report.healthy
        assert report.verdict("state-bucket") == "warning"
        assert report.verdict("state-lock") == "ok"
        assert "allora deploy creates it" in report.text("state-bucket")
        assert "allora bootstrap" in report.text("state-bucket")
        assert report.verdict("other-hosts") == "ok"

    def test_somebody_else_s_bucket(self, deployment: Deployment) -> None:
        make_bucket_of_another_account(deployment, "theirs")
        deployment.write_env(TF_STATE_BUCKET="theirs")
        report = examined(deployment)
        assert report.verdict("state-bucket") == "fail"
        assert "TF_STATE_BUCKET" in report.text("state-bucket")

    def test_bucket_in_another_region(self, deployment: Deployment) -> None:
        deployment.client("s3").create_bucket(
            Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        deployment.write_env(TF_STATE_BUCKET="elsewhere")
        report = examined(deployment)
        assert report.verdict("state-bucket") == "fail"
        assert "TF_STATE_REGION=eu-west-1" in report.text("state-bucket")

    def test_settings_of_the_bucket(self, deployment: Deployment) -> None:
        s3 = deployment.client("s3")
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
        s3.delete_bucket_encryption(Bucket=BUCKET)
        s3.delete_public_access_block(Bucket=BUCKET)
        s3.delete_bucket_policy(Bucket=BUCKET)
        report = examined(deployment)
        assert report.healthy
        assert report.verdict("state-bucket") == "warning"
        assert {"versioned", "private", "TLS only"} <= set(
            report.checks["state-bucket"]["facts"]["missing"]
        )
        assert "allora bootstrap" in report.text("state-bucket")
        # It was only looked at.
        assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Suspended"
        bootstrap(deployment)
        assert examined(deployment).verdict("state-bucket") == "ok"

    def test_a_lock_says_who_holds_it(self, deployment: Deployment) -> None:
        s3 = deployment.client("s3")
        lock = {
            "ID": "7d0a2a3e-8f0c-4d55-a7a5-0a8c2b2f1d10",
            "Operation": "OperationTypeApply",
            "Who": "ada@laptop",
            "Version": "1.11.4",
            "Created": "2026-11-22T09:15:02.123456789Z",
        }
        key = "allora-single-node/terraform.tfstate.tflock"
        s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(lock).encode())
        report = examined(deployment)
        assert report.verdicts("fail") == {"state-lock"}
        assert "allora-single-node: ada@laptop runs apply since 2026-11-22 09:15 UTC" in (
            report.text("state-lock")
        )
        assert "allora state unlock allora-single-node" in report.text("state-lock")
        assert report.checks["state-lock"]["facts"]["locks"] == {"allora-single-node": lock}
        s3.delete_object(Bucket=BUCKET, Key=key)
        assert examined(deployment).verdict("state-lock") == "ok"

    def test_a_lock_that_cannot_be_read_is_one(self, deployment: Deployment) -> None:
        key = "allora-common/terraform.tfstate.tflock"
        deployment.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"half a lo")
        report = examined(deployment)
        assert "an unknown user" in report.text("state-lock")
        assert report.verdict("state-lock") == "fail"


class TestMachine:
    def test_type_that_the_zone_lacks(self, deployment: Deployment) -> None:
        deployment.write_env(AWS_AVAILABILITY_ZONE="us-east-1e")  # an old one, as on AWS
        report = examined(deployment)
        assert report.verdicts("fail") == {"instance-type"}
        assert "us-east-1e" in report.text("instance-type")
        assert "us-east-1a" in report.checks["instance-type"]["facts"]["zones"]

    def test_type_that_the_region_lacks(self, deployment: Deployment) -> None:
        deployment.write_env(AWS_INSTANCE_TYPE="t99.large", AWS_INSTANCE_CPU_TYPE="x86_64")
        report = examined(deployment)
        assert report.verdict("instance-type") == "fail"
        assert "t99.large is not offered in us-east-1" in report.text("instance-type")

    def test_free_plan(self, deployment: Deployment) -> None:
        deployment.emulator.choose_plan(Plan.FREE)
        report = examined(deployment)
        assert report.verdict("account-plan") == "ok"
        assert "the Free plan; it allows t4g.small" in report.text("account-plan")
        deployment.write_env(AWS_INSTANCE_TYPE="t3.medium")
        report = examined(deployment)
        assert report.verdicts("fail") == {"account-plan"}
        assert "does not allow t3.medium" in report.text("account-plan")
        assert "upgrade to the Paid plan" in report.text("account-plan")
        enough = report.checks["account-plan"]["facts"]["eligible"]
        assert {"t3.small", "t4g.small", "m7i-flex.large"} <= set(enough)
        assert "t3.micro" not in enough
        deployment.emulator.choose_plan(Plan.PAID)
        assert examined(deployment).verdict("account-plan") == "ok"

    def test_plan_that_cannot_be_asked_for(self, deployment: Deployment) -> None:
        with answering(400, '{"__type": "AccessDeniedException"}', "json") as url:
            report = examined(deployment, AWS_ENDPOINT_URL_FREETIER=url)
        assert report.verdict("account-plan") == "unknown"
        assert "GetAccountPlanState" in report.text("account-plan")
        assert report.verdicts("fail") == set()

    def test_subnets(self, deployment: Deployment) -> None:
        ec2 = deployment.client("ec2")
        (subnet, *_) = ec2.describe_subnets()["Subnets"]
        deployment.write_env(AWS_VPC_ID=subnet["VpcId"], AWS_SUBNET_ID=subnet["SubnetId"])
        report = examined(deployment)
        assert report.verdicts("fail") == set()
        assert subnet["AvailabilityZone"] in report.text("instance-type")
        assert "none needed" in report.text("vpcs")
        other = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        deployment.write_env(AWS_VPC_ID=other)
        assert subnet["VpcId"] in examined(deployment).text("instance-type")
        deployment.write_env(AWS_SUBNET_ID="subnet-0123456789abcdef0")
        assert "there is no subnet-0123456789abcdef0" in examined(deployment).text("instance-type")

    def test_quota_of_vcpus(self, deployment: Deployment) -> None:
        launch(deployment, "c5.2xlarge", Worker="another-worker")
        wanted = 9.0
        set_quota(deployment, "ec2", "L-1216C47A", wanted)
        report = examined(deployment)
        assert report.verdicts("fail") == {"vcpus"}
        assert "2 needed, 1 of 9 free" in report.text("vcpus")
        assert "servicequotas/home/services/ec2/quotas/L-1216C47A" in report.text("vcpus")
        set_quota(deployment, "ec2", "L-1216C47A", wanted + 1)
        assert examined(deployment).verdict("vcpus") == "ok"

    def test_quota_without_a_value(self, deployment: Deployment) -> None:
        deployment.write_env(AWS_INSTANCE_TYPE="g5.xlarge")
        report = examined(deployment)
        assert report.verdict("vcpus") == "unknown"
        assert "L-DB2E81BA" in report.text("vcpus")

    def test_quota_of_addresses(self, deployment: Deployment) -> None:
        ec2 = deployment.client("ec2")
        set_quota(deployment, "ec2", "L-0263D0A3", 1.0)
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        report = examined(deployment)
        assert report.verdicts("fail") == {"elastic-ips"}
        assert "1 needed, 0 of 1 free" in report.text("elastic-ips")
        # A run that was interrupted after the address goes on with it.
        ec2.create_tags(Resources=[address], Tags=tags(Stack="allora-single-node"))
        assert examined(deployment).verdict("elastic-ips") == "ok"

    def test_quota_of_vpcs(self, deployment: Deployment) -> None:
        set_quota(deployment, "vpc", "L-F678F1CE", 1.0)  # there is AWS's default VPC
        report = examined(deployment)
        assert report.verdicts("fail") == {"vpcs"}

    def test_images(self, deployment: Deployment) -> None:
        deployment.write_env(AWS_AMI_ID="ami-0123456789abcdef0")
        report = examined(deployment)
        assert report.verdicts("fail") == {"image"}
        assert "there is no ami-0123456789abcdef0" in report.text("image")
        # Amazon's Linux for arm64, on a type that is not.
        deployment.write_env(AWS_AMI_ID="ami-0e9271c829888680e", AWS_INSTANCE_TYPE="t3.medium")
        assert "is for arm64, and t3.medium is x86_64" in examined(deployment).text("image")
        deployment.write_env(AWS_INSTANCE_TYPE="t4g.medium")
        report = examined(deployment)
        assert report.verdict("image") == "warning"
        assert "does not sound like Ubuntu 24.04" in report.text("image")
        ours = deployment.client("ec2").copy_image(
            Name="ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server",
            SourceImageId="ami-785db401",
            SourceRegion=REGION,
        )["ImageId"]
        deployment.write_env(AWS_AMI_ID=ours, AWS_INSTANCE_TYPE="t3.medium")
        assert examined(deployment).verdict("image") == "ok"

    def test_canonical_s_image_for_arm64(self, deployment: Deployment) -> None:
        deployment.write_env(AWS_INSTANCE_TYPE="t4g.medium")
        assert "ami-0e9271c829888680e" in examined(deployment).text("image")

    def test_price_list(self, deployment: Deployment) -> None:
        report = examined(deployment)
        assert report.verdict("cost") == "ok"
        facts = report.checks["cost"]["facts"]
        assert facts["items"][0] == {"name": "t4g.small", "usd": pytest.approx(12.264)}
        assert facts["source"] == "AWS's price list for us-east-1"

    def test_without_the_price_list(self, deployment: Deployment) -> None:
        with price_server(refusal="AccessDeniedException") as prices:
            report = examined(deployment, AWS_ENDPOINT_URL_PRICING=prices.url)
        assert report.verdict("cost") == "unknown"
        assert "https://calculator.aws/" in report.text("cost")
        assert report.checks["cost"]["facts"]["usd_a_month"] is None
        assert report.healthy is None
        assert report.unchecked == 1


def set_quota(deployment: Deployment, service: str, code: str, value: float) -> None:
    deployment.client("service-quotas").request_service_quota_increase(
        ServiceCode=service, QuotaCode=code, DesiredValue=value
    )


def tags(**changes: str) -> list[dict[str, str]]:
    ours = {"Project": "allora-worker", "Worker": "worker", "ManagedBy": "cdktf"} | changes
    return [{"Key": name, "Value": value} for name, value in ours.items()]


def launch(
    deployment: Deployment, instance_type: str, *, region: str = REGION, **changes: str
) -> str:
    """Runs an instance with tags as the stacks give them, but for the changes."""
    (instance,) = deployment.client("ec2", region).run_instances(
        ImageId="ami-785db401",
        InstanceType=instance_type,
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags(**changes)}],
    )["Instances"]
    instance_id: str = instance["InstanceId"]
    return instance_id


class TestWorker:
    def test_missing_secrets(self, deployment: Deployment) -> None:
        deployment.client("ssm").delete_parameter(Name="/allora/worker/mnemonic")
        deployment.write_env(MODEL_SECRETS="CG_API_KEY")
        report = examined(deployment)
        assert report.verdicts("fail") == {"secrets"}
        assert report.checks["secrets"]["facts"]["missing"] == ["mnemonic", "model/CG_API_KEY"]
        assert "allora wallet create" in report.text("secrets")
        assert "allora secret set model/CG_API_KEY" in report.text("secrets")
        assert report.verdict("wallet") == "skipped"
        assert report.verdict("balance") == "skipped"

    def test_a_foreign_worker_may_have_its_own_way_to_a_key(self, deployment: Deployment) -> None:
        deployment.client("ssm").delete_parameter(Name="/allora/worker/mnemonic")
        deployment.write_env(ALLORA_WORKER_IMAGE="ghcr.io/you/worker:1.0")
        report = examined(deployment)
        assert report.verdict("secrets") == "ok"
        assert report.verdict("wallet") == "ok"
        assert {"balance", "one-wallet"} <= report.verdicts("unknown")

    def test_many_secrets_are_asked_for_in_turns(self, deployment: Deployment) -> None:
        names = [f"NAME_{number}" for number in range(12)]
        deployment.write_env(MODEL_SECRETS=",".join(names))
        for name in names:
            store(deployment, f"model/{name}", "x")
        assert examined(deployment).verdict("secrets") == "ok"

    def test_a_secret_that_is_not_encrypted(self, deployment: Deployment) -> None:
        deployment.client("ssm").put_parameter(
            Name="/allora/worker/api-key", Value="plain-canary", Type="String"
        )
        done = run(deployment, "--json")
        assert Report(done.stdout).verdict("secrets") == "warning"
        assert "plain-canary" not in done.stdout + done.stderr

    @pytest.mark.parametrize("words", ["abandon " * 12, "abandon about", "not a mnemonic"])
    def test_words_that_are_no_wallet(self, deployment: Deployment, words: str) -> None:
        store(deployment, "mnemonic", words)
        done = run(deployment, "--json")
        report = Report(done.stdout)
        assert report.verdicts("fail") == {"wallet"}
        assert "allora wallet import --replace" in report.text("wallet")
        assert report.verdict("balance") == "skipped"
        assert words.strip() not in done.stdout + done.stderr

    def test_balance(self, deployment: Deployment, chain: Chain) -> None:
        assert "1000 ALLO" in examined(deployment).text("balance")
        chain.behave(balance=0)
        report = examined(deployment)
        assert report.healthy
        assert report.verdict("balance") == "warning"
        assert ADDRESS in report.text("balance")
        assert "https://faucet.testnet.allora.network/" in report.text("balance")

    def test_balance_below_the_alarm(self, deployment: Deployment, chain: Chain) -> None:
        chain.behave(balance=4 * 10**17)
        assert examined(deployment).verdict("balance") == "ok"
        deployment.write_env(ALARM_BALANCE="0.5")
        assert "0.4 ALLO will not last" in examined(deployment).text("balance")

    def test_topics(self, deployment: Deployment) -> None:
        deployment.write_env(ALLORA_WORKER_TOPIC_ID="69,70,77")
        report = examined(deployment)
        assert report.verdicts("fail") == {"topics"}
        assert "has no topic 70" in report.text("topics")
        assert "https://docs.allora.network/api/topics.json" in report.text("topics")

    def test_inactive_topics(self, deployment: Deployment, chain: Chain) -> None:
        chain.behave(inactive=True)
        report = examined(deployment)
        assert report.healthy
        assert report.verdict("topics") == "warning"
        assert "not active: 69" in report.text("topics")

    def test_topics_whose_losses_a_reputer_cannot_compute(
        self, deployment: Deployment, chain: Chain
    ) -> None:
        chain.behave(topics={69: {"loss_method": "focal", "labels": ["down", "up"]}})
        assert examined(deployment).verdict("topics") == "ok"
        deployment.write_env(ALLORA_WORKER_ROLE="reputer")
        report = examined(deployment)
        assert report.verdict("topics") == "fail"
        assert "with 'focal' over several labels, which is not published" in report.text("topics")
        chain.behave(topics={69: {"loss_method": "czar"}})
        assert examined(deployment).verdict("topics") == "ok"

    def test_a_network_of_another_version(self, deployment: Deployment, chain: Chain) -> None:
        chain.behave(unimplemented=True)
        report = examined(deployment)
        assert report.verdict("topics") == "warning"
        assert "ALLORA_SDK_VERSION" in report.text("topics")
        assert report.verdict("balance") == "ok"

    def test_a_network_out_of_reach(self, deployment: Deployment, chain: Chain) -> None:
        chain.behave(refuse=True)
        report = examined(deployment)
        assert report.healthy is None
        assert report.verdicts("unknown") == {"balance", "topics"}
        assert "does not answer" in report.text("topics")

    def test_something_else_than_a_chain(self, deployment: Deployment) -> None:
        with answering(200, "[]", "application/json") as url:
            deployment.write_env(ALLORA_API_URL=url)
            report = examined(deployment)
        assert report.verdicts("unknown") == {"balance", "topics"}
        with answering(200, "<html>", "text/html") as url:
            deployment.write_env(ALLORA_API_URL=url)
            report = examined(deployment)
        assert "does not answer in JSON" in report.text("balance")

    def test_open_ports(self, deployment: Deployment) -> None:
        assert "open to all, only for /health" in examined(deployment).text("exposure")
        store(deployment, "inference-token", "x" * 32)
        report = examined(deployment)
        assert report.verdict("exposure") == "warning"
        assert "ALLORA_INGRESS_CIDRS" in report.text("exposure")
        deployment.write_env(ALLORA_INGRESS_CIDRS="203.0.113.0/24")
        report = examined(deployment)
        assert report.verdict("exposure") == "ok"
        assert "open to 203.0.113.0/24" in report.text("exposure")
        deployment.write_env(ALLORA_INGRESS_CIDRS="none")
        assert "no port is open" in examined(deployment).text("exposure")

    def test_another_host_with_the_same_wallet(self, deployment: Deployment) -> None:
        # Also one of another deployment, with another prefix: the parameter is the same.
        other = launch(deployment, "t3.medium", Project="another-prefix")
        report = examined(deployment)
        assert report.verdicts("fail") == {"other-hosts"}
        assert f"allora state remove {other}" in report.text("other-hosts")
        deployment.client("ec2").terminate_instances(InstanceIds=[other])
        assert examined(deployment).verdict("other-hosts") == "ok"

    def test_another_worker_with_the_same_wallet(self, deployment: Deployment) -> None:
        other = launch(deployment, "t3.medium", Worker="b", Project="another-prefix")
        report = examined(deployment)
        assert report.verdict("other-hosts") == "ok"
        assert report.verdict("one-wallet") == "unknown"
        assert f"b ({other} in {REGION}) has not reported a wallet" in report.text("one-wallet")

        host = ReportedHost(deployment.client("logs"), other, "b")
        host.status(worker=STATUS["worker"] | {"address": "allo1another"})
        report = examined(deployment)
        assert report.verdict("one-wallet") == "ok"
        assert "1 other worker" in report.text("one-wallet")

        host.status(worker=STATUS["worker"] | {"address": ADDRESS})
        host.status(worker=None)  # silent, and then stopped
        deployment.client("ec2").stop_instances(InstanceIds=[other])
        report = examined(deployment)
        assert report.verdicts("fail") == {"one-wallet"}
        assert f"b ({other} in {REGION}) signs with this wallet" in report.text("one-wallet")
        assert "allora wallet create --replace" in report.text("one-wallet")

    def test_a_worker_in_another_region_with_the_same_wallet(self, deployment: Deployment) -> None:
        # Also one of the same name: in another region, that is another parameter.
        other = launch(deployment, "t3.medium", region="eu-west-1")
        host = ReportedHost(deployment.client("logs", "eu-west-1"), other)
        host.status(worker=STATUS["worker"] | {"address": ADDRESS})
        assert examined(deployment).verdict("one-wallet") == "ok"  # nothing leads there
        # A dashboard is of the whole account; the emulator's is of a region.
        deployment.client("cloudwatch").put_dashboard(
            DashboardName="another-prefix-eu-west-1", DashboardBody="{}"
        )
        assert f"{other} in eu-west-1" in examined(deployment).text("one-wallet")
        with answering(403, error("AccessDenied")) as refusing:
            report = examined(deployment, AWS_ENDPOINT_URL_CLOUDWATCH=refusing)
        assert report.verdict("one-wallet") == "unknown"
        assert "other regions cannot be seen" in report.text("one-wallet")


class TestDeployed:
    def test_what_is_deployed_needs_no_room_of_its_own(self, deployed: Deployed) -> None:
        deployed.deployment.client("ssm").delete_parameter(Name="/allora/worker/mnemonic")
        lines = run(deployed.deployment).stdout
        assert f"{deployed.outputs['instance_id']} is the only one" in lines
        assert lines.count("the deployed one is kept") == 2
        assert "32 of 32 free" in lines
        report = examined(deployed.deployment)
        # There is no wallet any more, and the real network is out of reach or answers.
        assert report.verdicts("fail") == {"secrets"}

    def test_its_like_is_another_host(self, deployed: Deployed) -> None:
        other = launch(deployed.deployment, "t3.micro")
        report = examined(deployed.deployment)
        assert report.checks["other-hosts"]["facts"] == {"others": [other]}
        deployed.deployment.client("ec2").terminate_instances(InstanceIds=[other])
        assert examined(deployed.deployment).verdict("other-hosts") == "ok"

    def test_its_region_is_another_one(self, deployed: Deployed) -> None:
        deployment = deployed.deployment
        elsewhere = Deployment(deployment.emulator, deployment.directory / "elsewhere")
        elsewhere.write_env(
            TF_STATE_BUCKET=BUCKET, TF_STATE_REGION="us-east-1", AWS_REGION="us-west-2"
        )
        report = examined(elsewhere)
        assert report.verdict("other-hosts") == "fail"
        assert f"{deployed.outputs['instance_id']} in us-east-1" in report.text("other-hosts")
        assert "set AWS_REGION back" in report.text("other-hosts")


def test_ctrl_c_waits_for_nobody(deployment: Deployment) -> None:
    """Not even for an AWS that never answers."""
    with (
        holding(deployment) as silent,
        terminal(silent.deployment, "doctor") as user,
    ):
        user.expect("Checking")
        assert silent.came.wait(300)
        assert user.interrupt() == 130, user.text
    assert "Traceback" not in user.text


def test_help_has_an_example(deployment: Deployment) -> None:
    shown = run(deployment, "--help").stdout
    assert "Example: allora doctor" in shown
    assert "--json" in shown


def test_ids_are_unique() -> None:
    counted = Counter(check.id for check in CHECKS)
    assert [name for name, count in counted.items() if count > 1] == []
