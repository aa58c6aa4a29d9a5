"""`allora deploy` with real Terraform on an embedded AWS, where the tests play the host."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from allora_cli.context import Context
from allora_cli.deploy.events import Ready
from allora_cli.deploy.progress import AFTER_RESTART, Step
from allora_cli.deploy.renderers import Screen, watch
from allora_cli.deploy.waiting import Wait, WaitPolicy
from allora_cli.errors import ErrorCode, ExitCode, OperatorError
from allora_cli.terraform.state import managed_resources, read_state
from allora_cli.terraform.synthesis import foreseen
from devtools.embedded_aws.emulator import Emulator
from shared.host_events import Code
from shared.stacks import STACKS
from tests.http_server import Handler, handled_by
from tests.local.attached_providers import unattached
from tests.local.deployer import deployer
from tests.local.deployment import (
    BUCKET,
    ROOT,
    Deployment,
    another_host,
    context_of,
    running_instances,
)
from tests.local.interposer import BROKEN, Answer, ec2_error, holding, interposed, json_error
from tests.local.reported import STATUS, ReportedHost, once
from tests.local.template import Deployed
from tests.local.terminal import CTRL_C, terminal
from tests.price_server import PriceServer

WORDS = "abandon " * 11 + "about"
QUICK = ("--pace", "0.02")


@pytest.fixture
def bare(emulator: Emulator, tmp_path: Path) -> Deployment:
    """A user's directory, with neither state bucket nor wallet; the user may do what it takes."""
    made = Deployment(emulator, tmp_path)
    made.variables |= deployer(made)
    return made


@pytest.fixture
def deployment(bare: Deployment) -> Deployment:
    """Everything is ready for a first deployment; there is no state bucket yet."""
    stored = bare.allora("wallet", "import", stdin=WORDS)
    assert stored.returncode == 0, stored.output
    return bare


def buckets(deployment: Deployment) -> list[str]:
    return [bucket["Name"] for bucket in deployment.client("s3").list_buckets()["Buckets"]]


def locks(deployment: Deployment) -> list[str]:
    if BUCKET not in buckets(deployment):
        return []
    found = deployment.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return [entry["Key"] for entry in found if entry["Key"].endswith(".tflock")]


def test_a_plan_that_does_more_than_was_proposed_is_asked_for_again(
    deployment: Deployment, tmp_path: Path
) -> None:
    """The first proposal is from what was synthesized; here, Terraform would replace a host."""
    change = {"actions": ["delete", "create"], "before": {}, "after": {}, "after_unknown": {}}
    host = {"address": "aws_instance.host", "type": "aws_instance", "mode": "managed"}
    shown = json.dumps({"resource_changes": [host | {"change": change}]})
    terraform = tmp_path / "terraform-stand-in"
    terraform.write_text(
        f"""#!/bin/sh
case "$1,$PWD" in
plan,*) exit 2 ;;
show,*allora-single-node) echo '{shown}' ;;
show,*) echo '{{}}' ;;
esac
"""
    )
    terraform.chmod(0o755)
    deployment.variables["TERRAFORM_BINARY_NAME"] = str(terraform)
    done = deployment.allora_apart("deploy", "--yes", "--no-wait", "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    first, second = [
        {(entry["action"], entry["kind"]) for entry in event["entries"]}
        for event in events
        if event.get("event") == "summary"
    ]
    assert {("create", "state-bucket"), ("create", "instance")} <= first
    assert {action for action, _ in first} == {"create"}
    assert second == {("replace", "instance")}
    assert "state-bucket" in [event.get("event") for event in events]
    assert buckets(deployment) == [BUCKET]


@contextmanager
def chain_with(uallo: int) -> Iterator[str]:
    """A chain's REST endpoint, where every wallet has so much and every topic is active."""

    class Node(Handler):
        def do_GET(self) -> None:
            document = {
                "balance": {"denom": "uallo", "amount": str(uallo)},
                "exists": True,
                "is_active": True,
            }
            self.answer(200, document)

    with handled_by(Node) as url:
        yield url


def types_in_state(deployment: Deployment, stack: str) -> set[str]:
    state = read_state(deployment.client("s3"), BUCKET, stack)
    return {each["type"] for each in managed_resources(state)}


def host_of(deployment: Deployment, instance_id: str) -> ReportedHost:
    return ReportedHost(deployment.client("logs"), instance_id)


def first_start(host: ReportedHost, after_each: Callable[[int], object] = lambda _: None) -> None:
    """What a host reports on its way to the first submission."""
    for step in range(1, 6):
        host.step(step)
        after_each(step)
    host.worker("starting", address="allo1played", message="allora-worker starts")
    host.worker("metric", _aws={}, Balance=2.5)
    host.worker("ready", message="registered as inferer in topic 69 (BTC); waiting", topic=69)
    host.worker("model_works", message="the model server answers, in 41 ms")
    host.step(6)
    host.ready()
    host.worker("submitted", message="topic 69: submitted for nonce 8123456", topic=69)


def report_health(host: ReportedHost, at: datetime | None = None) -> None:
    """A status whose containers were started after the played instance's launch."""
    started = {"started_at": datetime.now(UTC).isoformat()}
    containers = {name: each | started for name, each in STATUS["containers"].items()}
    host.status(at=at, containers=containers)


# --- before anything is made


def test_without_a_terminal_yes_is_needed(bare: Deployment) -> None:
    refused = bare.allora("deploy")
    assert refused.returncode == ExitCode.PROBLEM
    assert "--yes" in refused.output
    assert "#not-a-terminal" in refused.output


def test_doctor_comes_first_and_stops_it(bare: Deployment) -> None:
    refused = bare.allora("deploy", "--yes")
    assert refused.returncode == ExitCode.UNHEALTHY
    assert "✘" in refused.output
    assert "allora wallet create" in refused.output
    assert "#not-ready" in refused.output
    assert bare.client("iam").list_roles()["Roles"] == []


@pytest.mark.slow
def test_a_first_deployment_that_is_declined_makes_nothing(
    deployment: Deployment, prices: PriceServer
) -> None:
    """One question about all of it, the state bucket with it; and the wallet is empty.

    The settings are those that `allora init` writes.
    """
    deployment.variables |= {"AWS_ENDPOINT_URL_PRICING": prices.url, "AWS_REGION": "us-east-1"}
    (deployment.directory / "env").unlink()
    with chain_with(0) as url:
        deployment.variables["ALLORA_API_URL"] = url
        prepared = deployment.allora("init", "--yes")
        assert prepared.returncode == ExitCode.OK, prepared.output
        with terminal(deployment, "deploy", columns=80) as screen:
            screen.expect("Make these changes? [y/N]")
            screen.enter("n")
            assert screen.end() == ExitCode.PROBLEM
    assert f"+ the S3 bucket for Terraform's state, for cents a month: {BUCKET}" in screen.text
    assert "+ the instance (t" in screen.text
    assert "+ 3 log groups" in screen.text
    assert "USD a month, now nothing (AWS's price list for us-east-1)" in screen.text
    assert "aws_" not in screen.text
    assert "The wallet has 0 ALLO" in screen.text
    assert b"\n  Its address: allo19rl4cm2hmr8afy4kldpxz3fka4jguq0ajnh7gv\r" in screen.received
    assert "https://faucet.testnet.allora.network/" in screen.text
    assert buckets(deployment) == []
    assert "did not approve" in screen.text
    assert "Nothing was changed" in screen.text
    assert "Traceback" not in screen.text
    assert deployment.client("iam").list_roles()["Roles"] == []


@pytest.mark.slow
def test_ctrl_c_at_the_question_leaves_no_lock(deployment: Deployment) -> None:
    with terminal(deployment, "deploy") as screen:
        screen.expect("Make these changes? [y/N]")
        assert locks(deployment) == []
        screen.type(CTRL_C)
        assert screen.end() == ExitCode.INTERRUPTED
    assert "Nothing is lost" in screen.text
    assert "Traceback" not in screen.text
    assert locks(deployment) == []
    assert running_instances(deployment) == []


@pytest.mark.slow
def test_ctrl_c_while_terraform_works_saves_what_it_has_made(deployment: Deployment) -> None:
    with (
        holding(deployment, "CreateInstanceProfile") as profile,
        terminal(profile.deployment, "deploy", "--yes") as screen,
    ):
        screen.expect_event(profile.came)
        screen.type(CTRL_C)
        screen.expect("Gracefully shutting down")
        profile.go.set()
        assert screen.end() == ExitCode.INTERRUPTED
    assert "Nothing is lost" in screen.text
    assert locks(deployment) == []
    assert "aws_iam_role" in types_in_state(deployment, "allora-common")


@pytest.mark.slow
def test_a_cancelled_ci_job_saves_what_terraform_has_made(
    half_deployed: Deployed, tmp_path: Path
) -> None:
    deployment, log = half_deployed.deployment, tmp_path / "log"
    unattached(deployment)  # so that the signal can reach the provider, too
    with holding(deployment, "CreateSubnet") as subnet, log.open("wb") as output:
        job = subprocess.Popen(
            [sys.executable, "-m", "allora_cli", "deploy", "--yes"],
            cwd=ROOT,
            env=subnet.deployment.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        assert subnet.came.wait(600)
        job.terminate()
        while "Gracefully shutting down" not in log.read_text():
            assert job.poll() is None, log.read_text()
            time.sleep(0.1)
        subnet.go.set()
        assert job.wait() == ExitCode.INTERRUPTED
    assert "Nothing is lost" in log.read_text()
    assert locks(deployment) == []
    assert "aws_vpc" in types_in_state(deployment, "allora-single-node")
    assert running_instances(deployment) == []


# --- the first deployment


def no_more_addresses(action: str) -> Answer | None:
    if action == "AllocateAddress":
        return ec2_error("AddressLimitExceeded", "The maximum number is reached.")
    return None


@pytest.mark.slow
def test_a_deployment_that_a_quota_has_ended_goes_on_to_the_first_submission(
    half_deployed: Deployed,
) -> None:
    """It ends in the middle of the second stack, and is explained with the remedy.

    Then, at a terminal, the plan is approved, and the host is played.
    """
    deployment = half_deployed.deployment
    with interposed(deployment, no_more_addresses) as limited:
        failed = limited.allora("deploy", "--yes", "--no-wait")
    assert failed.returncode == ExitCode.PROBLEM
    assert "A quota of the account is used up" in failed.output
    assert "Service Quotas" in failed.output
    assert "#quota" in failed.output
    assert locks(deployment) == []

    with terminal(deployment, "deploy", *QUICK) as screen:
        screen.expect("Make these changes? [y/N]")
        screen.enter("y")
        screen.expect_pattern("Waiting for the first submission of i-[0-9a-f]+")
        (id_,) = running_instances(deployment)
        screen.expect("EC2 starts the instance")
        first_start(host_of(deployment, id_), lambda step: screen.expect(f"[{step}/6]"))
        assert screen.end() == ExitCode.OK, screen.text
    assert f"The worker works: {id_}" in screen.text
    for step in Step:
        assert f"✔ {step}" in screen.text
    assert "embedded AWS" in screen.text
    assert screen.text.count("Make these changes?") == 1
    assert running_instances(deployment) == [id_]
    assert locks(deployment) == []
    # What is proposed before it can be planned is what is made.
    for stack in STACKS:
        state = read_state(deployment.client("s3"), BUCKET, stack)
        made = {f"{each['type']}.{each['name']}" for each in state["resources"]}
        data = {
            f"{each['type']}.{each['name']}"
            for each in state["resources"]
            if each["mode"] == "data"
        }
        proposed = foreseen(deployment.directory / "cdktf.out", stack)
        assert {change.address for change in proposed} == made - data


# --- once more, where there is a deployment


@pytest.fixture
def instance(deployed: Deployed) -> str:
    """The host of a deployment."""
    return deployed.outputs["instance_id"]


@pytest.fixture
def nothing_to_change(tmp_path: Path, deployed: Deployed) -> None:
    """Have a stand-in for Terraform, whose exit code says that a plan is empty.

    `test_ctrl_c_while_waiting_loses_nothing` is with the real one.
    """
    terraform = tmp_path / "terraform-stand-in"
    terraform.write_text("#!/bin/sh\nexit 0\n")
    terraform.chmod(0o755)
    deployed.deployment.variables["TERRAFORM_BINARY_NAME"] = str(terraform)


@pytest.mark.usefixtures("nothing_to_change")
def test_no_wait_ends_with_the_deployment(deployed: Deployed) -> None:
    done = deployed.deployment.allora_apart("deploy", "--yes", "--no-wait")
    assert done.returncode == 0, done.stderr
    assert "is deployed" in done.stdout
    assert "Waiting" not in done.stderr
    assert "\x1b" not in done.stdout + done.stderr  # a pipe is no terminal


@pytest.mark.usefixtures("nothing_to_change")
def test_again_succeeds_at_once_and_events_are_lines_of_json(
    deployed: Deployed, instance: str
) -> None:
    deployment = deployed.deployment
    report_health(host_of(deployment, instance))
    again = deployment.allora_apart("deploy", "--yes", "--json")
    assert again.returncode == 0, again.stderr
    lines = [json.loads(line) for line in again.stdout.splitlines()]  # and nothing else
    codes = [line["event"] for line in lines]
    assert codes[:3] == ["working", "doctor", "working"]
    assert "no-changes" in codes
    assert codes.count("progress") >= 1
    result = lines[-1]
    assert result["event"] == "result"
    assert result["healthy"] is True
    assert result["instance_id"] == instance
    assert result["address"] == STATUS["worker"]["address"]
    assert running_instances(deployment) == [instance]


@pytest.mark.slow
def test_ctrl_c_while_waiting_loses_nothing(deployed: Deployed, instance: str) -> None:
    """Once more, where nothing is to change, but the worker does not work yet."""
    deployment, host = deployed.deployment, host_of(deployed.deployment, instance)
    first_start(host)
    host.worker("starting", message="allora-worker starts anew")
    with terminal(deployment, "deploy", "--yes", *QUICK) as screen:
        screen.expect("Waiting for the first submission")
        screen.expect("gives an inference")
        screen.type(CTRL_C)
        assert screen.end() == ExitCode.INTERRUPTED
    assert "Nothing to change in AWS" in screen.text
    assert "Nothing is lost" in screen.text
    assert "Traceback" not in screen.text
    assert running_instances(deployment) == [instance]


def test_another_host_with_the_same_wallet_is_refused(deployed: Deployed, instance: str) -> None:
    deployment = deployed.deployment
    with another_host(deployment) as other:
        refused = deployment.allora("deploy", "--yes")
    assert refused.returncode == ExitCode.UNHEALTHY
    told = " ".join(refused.output.split())
    assert f"allora state remove {other}" in told
    assert f"remove {instance}" not in told
    assert "#not-ready" in refused.output


@pytest.mark.slow
def test_a_lock_is_explained_with_the_remedy(deployed: Deployed, instance: str) -> None:
    """Doctor knows of locks too; this one comes between it and Terraform."""
    deployment = deployed.deployment
    s3 = deployment.client("s3")
    key = "allora-single-node/terraform.tfstate.tflock"
    info = {
        "ID": "6f1c0e2a-4a53-4b3a-9a1c-0d6f7a8b9c0d",
        "Operation": "OperationTypeApply",
        "Who": "somebody@elsewhere",
        "Version": "1.11.4",
        "Created": "2026-11-22T10:00:00.1Z",
        "Path": f"{BUCKET}/allora-single-node/terraform.tfstate",
        "Info": "",
    }

    def lock_when_terraform_begins(action: str) -> Answer | None:
        # What Terraform alone asks for.
        if action == "ListAttachedRolePolicies":
            s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(info))
        return None

    with interposed(deployment, lock_when_terraform_begins) as busy:
        refused = busy.allora("deploy", "--yes")
    assert refused.returncode == ExitCode.PROBLEM
    assert "#state-locked" in refused.output, refused.output
    assert "allora state unlock allora-single-node" in refused.output
    assert "somebody@elsewhere" in refused.output
    assert running_instances(deployment) == [instance]


# --- the wait itself, without Terraform before it


def watched_to_its_end(wait: Wait) -> Ready:
    """Show a wait as the command does; what it found."""
    with closing(Screen()) as screen:
        return watch(wait.run(), screen)


@dataclass
class Watched:
    """A played host of its own, and what waits for it."""

    context: Context
    host: ReportedHost
    deployment: Deployment

    def wait(
        self,
        since: datetime | None = None,
        /,
        *,
        seconds: float = 300,
        grace: float = 300,
        silence: float = 300,
    ) -> Wait:
        policy = WaitPolicy(
            timedelta(seconds=seconds),
            poll=0.05,
            grace=timedelta(seconds=grace),
            silence=timedelta(seconds=silence),
        )
        return Wait(self.context, self.host.instance_id, policy, since=since)

    def error(self, since: datetime | None = None, /, **limits: float) -> OperatorError:
        with pytest.raises(OperatorError) as failed:
            watched_to_its_end(self.wait(since, **limits))
        return failed.value

    def error_at_first_look(self, **limits: float) -> OperatorError:
        """That of a wait without any time, which sees what was told before the last seconds."""
        return self.error(datetime.now(UTC) - timedelta(hours=3), seconds=0, **limits)


@pytest.fixture
def place(emulator: Emulator, tmp_path: Path) -> Deployment:
    return Deployment(emulator, tmp_path)


@pytest.fixture
def watched(place: Deployment, monkeypatch: pytest.MonkeyPatch) -> Watched:
    return watched_through(place, monkeypatch)


def watched_through(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """A host whose reports come by a deployment's way to AWS."""
    ec2 = deployment.client("ec2")
    (made,) = ec2.run_instances(ImageId="ami-785db401", MinCount=1, MaxCount=1)["Instances"]
    id_ = made["InstanceId"]
    return Watched(context_of(deployment, monkeypatch), host_of(deployment, id_), deployment)


def test_seconds_of_each_step_are_in_the_result(watched: Watched) -> None:
    wait = watched.wait()
    with once(
        lambda: Step.INSTANCE in wait.progress.done,
        lambda _: first_start(watched.host, lambda _: time.sleep(0.1)),
    ):
        result = watched_to_its_end(wait)
    assert result.healthy is True
    assert result.address == "allo1played"
    assert set(result.seconds) == {
        "instance", "host", "containers", "model", "registered", "submitted",
    }  # fmt: skip
    assert (result.seconds["host"] or 0) > 0


def test_lines_are_plain_without_a_terminal(
    watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    wait = watched.wait()
    with once(lambda: Step.INSTANCE in wait.progress.done, lambda _: first_start(watched.host)):
        watched_to_its_end(wait)
    shown = capsys.readouterr().err
    assert shown.index("✔ EC2 starts") < shown.index("[1/6]") < shown.index("✔ The chain accepts")
    assert "\x1b" not in shown


def test_a_secret_that_is_stored_meanwhile_ends_in_success(
    watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    watched.host.obstacle(Code.SECRETS_UNAVAILABLE, "Secrets are missing.", needs_operator=True)
    wait = watched.wait()
    with once(lambda: wait.progress.obstacles, lambda _: first_start(watched.host)):
        assert watched_to_its_end(wait).healthy is True
    assert "Secrets are missing" in capsys.readouterr().err


def test_what_only_the_operator_can_cure_ends_the_wait_after_a_grace_time(
    watched: Watched,
) -> None:
    watched.host.obstacle(Code.SECRETS_UNAVAILABLE, "Secrets are missing.", needs_operator=True)
    error = watched.error(grace=0.5)
    assert error.code is ErrorCode.NEEDS_YOU
    assert error.exit_code is ExitCode.UNHEALTHY
    assert "Secrets are missing" in str(error)


def test_the_lines_that_matter_are_shown_at_the_end(
    watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    host = watched.host
    host.worker("starting", message="allora-worker starts")
    host.worker("metric", _aws={}, Balance=2.5)
    refusal = "topic 69: refused: allo1played is not on the whitelist"
    host.worker("refused", level="error", message=refusal)
    host.model("ValueError: no such column")
    assert f"The worker needs you: {refusal}." in str(watched.error(grace=0.2))
    shown = capsys.readouterr().err
    lines = shown[shown.index("The last lines of the worker log") :]
    assert refusal in lines
    assert "allora-worker starts" not in lines
    assert "ValueError: no such column" in lines
    assert "_aws" not in lines


def test_what_cures_itself_does_not_end_the_wait(watched: Watched) -> None:
    watched.host.obstacle(
        Code.CONTAINERS_NOT_STARTED,
        "docker compose could not start worker and model",
        at=datetime.now(UTC) - timedelta(minutes=1),
    )
    error = watched.error_at_first_look(grace=0)
    assert error.code is ErrorCode.NOT_IN_TIME
    assert error.exit_code is ExitCode.TIMEOUT
    assert "docker compose could not start" in str(error)


def test_a_long_epoch_is_no_failure(watched: Watched) -> None:
    host, now = watched.host, datetime.now(UTC)
    begun = now - timedelta(minutes=50)
    host.worker("starting", begun, message="starts")
    host.worker("ready", begun, message="registered")
    host.worker("model_works", begun, message="answers")
    error = watched.error_at_first_look()
    assert error.exit_code is ExitCode.TIMEOUT
    assert "works so far" in str(error)
    assert "is expected" not in str(error)
    for nonce, minutes in ((1, 40), (2, 10)):
        at = now - timedelta(minutes=minutes)
        host.worker("window", at, topic=69, nonce=nonce, message="w")
    assert "the next one is expected at about" in str(watched.error_at_first_look())


def test_a_silent_host_is_seen_through_its_console(
    place: Deployment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def console(action: str) -> Answer | None:
        if action != "GetConsoleOutput":
            return None
        asked.append(action)
        if len(asked) == 1:  # as of an instance that is not a Nitro one
            return ec2_error("UnsupportedOperation", "Latest is not supported.")
        event = {"event": "internet", "state": "done", "message": "Reach the internet: done"}
        lines = f"[ 9.1] cloud-init: {{x}}\n[ 9.2] {json.dumps(event | {'step': 1, 'of': 6})}\r\n"
        text = base64.b64encode(lines.encode()).decode()
        return Answer(
            200,
            '<GetConsoleOutputResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
            f"<output>{text}</output></GetConsoleOutputResponse>",
        )

    with interposed(place, console) as slow:
        error = watched_through(slow, monkeypatch).error_at_first_look(silence=0)
    assert error.exit_code is ExitCode.TIMEOUT
    shown = capsys.readouterr().err
    assert "console" in shown
    assert "[1/6] Reach the internet: done" in shown
    assert "cloud-init" not in shown


@pytest.mark.parametrize(
    "answer",
    [
        json_error("ThrottlingException", "Rate exceeded"),
        json_error("ServiceUnavailableException", "later", 503),
        BROKEN,
    ],
    ids=["throttled", "unavailable", "network"],
)
def test_what_passes_by_itself_does_not_end_the_wait(
    place: Deployment,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: Answer,
) -> None:
    refused: list[str] = []

    def busy(action: str) -> Answer | None:
        if action == "FilterLogEvents" and len(refused) < 7:
            refused.append(action)
            return answer
        return None

    with interposed(place, busy) as slow:
        watched = watched_through(slow, monkeypatch)
        first_start(watched.host)
        assert watched_to_its_end(watched.wait()).healthy is True
    assert len(refused) == 7
    assert "The wait goes on" in capsys.readouterr().err


def test_expired_credentials_end_the_wait_with_the_remedy(
    place: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def expired(action: str) -> Answer | None:
        if action == "FilterLogEvents":
            return json_error("ExpiredTokenException", "The security token is expired")
        return None

    with interposed(place, expired) as late:
        error = watched_through(late, monkeypatch).error()
    assert error.code is ErrorCode.CREDENTIALS_EXPIRED
    assert "aws sso login" in str(error)
    assert "run the same command again" in str(error)


def test_an_instance_that_somebody_stops_or_terminates_ends_the_wait(watched: Watched) -> None:
    ec2 = watched.deployment.client("ec2")
    ec2.stop_instances(InstanceIds=[watched.host.instance_id])
    error = watched.error()
    assert error.code is ErrorCode.INSTANCE_DOWN
    assert f"--instance-ids {watched.host.instance_id} --region " in str(error)
    ec2.terminate_instances(InstanceIds=[watched.host.instance_id])
    assert "allora deploy" in str(watched.error())


def test_a_healthy_status_that_is_old_is_no_success(watched: Watched) -> None:
    report_health(watched.host, datetime.now(UTC) - timedelta(hours=2))
    assert watched.error_at_first_look().exit_code is ExitCode.TIMEOUT
    report_health(watched.host)
    assert watched_to_its_end(watched.wait()).healthy is True


def test_readiness_from_before_a_restart_is_none(watched: Watched) -> None:
    now = datetime.now(UTC)
    since = now - timedelta(minutes=2)

    def wait(seconds: float) -> Wait:
        policy = WaitPolicy(timedelta(seconds=seconds), poll=0.05)
        return Wait(
            watched.context, watched.host.instance_id, policy, steps=AFTER_RESTART, since=since
        )

    watched.host.worker("ready", now - timedelta(minutes=3), message="registered")
    with pytest.raises(OperatorError) as failed:
        watched_to_its_end(wait(0))
    assert failed.value.code is ErrorCode.NOT_IN_TIME
    watched.host.worker("starting", now - timedelta(minutes=1), message="starts")
    watched.host.worker("ready", now - timedelta(minutes=1), message="registered")
    assert watched_to_its_end(wait(300)).healthy is True


def test_the_command_is_known_to_a_script(place: Deployment) -> None:
    before = list(place.directory.iterdir())
    shown = place.allora("deploy", "--help")
    assert "Example: allora deploy" in " ".join(shown.output.split())
    assert "--pace" not in shown.output
    assert list(place.directory.iterdir()) == before
