"""A deployment on the embedded AWS with the real cdktf CLI, Terraform and AWS provider."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from scripts.local.emulator import ACCOUNT_ID, Emulator, start

ROOT = Path(__file__).resolve().parents[2]
REGION = "us-east-1"
STACKS = ("allora-common", "allora-single-node")

_COLOURS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@dataclass(frozen=True)
class Result:
    """How a command ended and all that it printed, without colours."""

    returncode: int
    output: str


@dataclass
class Deployment:
    """A user's working directory, as far as the tools are concerned."""

    emulator: Emulator
    directory: Path
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.write_env(AWS_ACCOUNT_ID=ACCOUNT_ID, AWS_REGION=REGION)

    def write_env(self, **changes: str) -> None:
        self.directory.mkdir(exist_ok=True)
        self.settings |= changes
        lines = [f"{name}='{value}'\n" for name, value in self.settings.items()]
        (self.directory / "env").write_text("".join(lines), encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        return self.emulator.environment(os.environ) | {
            "ALLORA_ENV_FILE": str(self.directory / "env"),
            "CDKTF_OUTPUT": str(self.directory / "cdktf.out"),
            "CI": "1",
        }

    def run(self, *command: str, stdin: str = "") -> Result:
        result = subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment,
            input=stdin.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        return Result(result.returncode, _COLOURS.sub("", result.stdout.decode()))

    def allora(self, *arguments: str, stdin: str = "") -> Result:
        return self.run(sys.executable, "-m", "scripts.operator", *arguments, stdin=stdin)

    def cdktf(self, *arguments: str) -> str:
        """What the command printed; it must not fail."""
        result = self.run("cdktf", *arguments)
        assert result.returncode == 0, result.output
        return result.output

    def terraform(self, stack: str, *arguments: str) -> Result:
        directory = self.directory / "cdktf.out" / "stacks" / stack
        return self.run("terraform", f"-chdir={directory}", *arguments)

    def client(self, service: str) -> Any:
        create: Any = boto3.client  # typed for each service by name, which is not known here
        return create(
            service,
            region_name=REGION,
            endpoint_url=self.emulator.url,
            aws_access_key_id="embedded",
            aws_secret_access_key="embedded",
        )


@contextmanager
def another_host(deployment: Deployment) -> Iterator[str]:
    """An instance of the same worker that no state knows; its id."""
    tags = {"Worker": "worker", "Stack": "allora-single-node", "ManagedBy": "cdktf"}
    ec2 = deployment.client("ec2")
    (other,) = ec2.run_instances(
        ImageId="ami-785db401",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[
            {
                "ResourceType": "instance",
                "Tags": [{"Key": name, "Value": value} for name, value in tags.items()],
            }
        ],
    )["Instances"]
    try:
        yield other["InstanceId"]
    finally:
        ec2.terminate_instances(InstanceIds=[other["InstanceId"]])


def make_bucket_of_another_account(deployment: Deployment, name: str) -> None:
    theirs = deployment.client("sts").assume_role(
        RoleArn="arn:aws:iam::210987654321:role/other", RoleSessionName="other"
    )["Credentials"]
    boto3.client(
        "s3",
        region_name=REGION,
        endpoint_url=deployment.emulator.url,
        aws_access_key_id=theirs["AccessKeyId"],
        aws_secret_access_key=theirs["SecretAccessKey"],
        aws_session_token=theirs["SessionToken"],
    ).create_bucket(Bucket=name)


@pytest.fixture(scope="session", autouse=True)
def tools() -> None:
    """There is no test here without the real tools: they come with `make setup`."""
    for tool in ("cdktf", "terraform"):
        assert shutil.which(tool), f"{tool} is not in the path: run the tests with `make test`"


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    running = start(tmp_path_factory.mktemp("emulator"))
    yield running
    running.stop()


@dataclass
class Deployed:
    """Both stacks on an embedded AWS of their own, which nobody resets.

    For tests that only look, or that put back what they change.
    """

    deployment: Deployment
    outputs: dict[str, str]


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    directory = tmp_path_factory.mktemp("deployed")
    running = start(directory / "emulator")
    deployment = Deployment(running, directory)
    bootstrapped = deployment.allora("bootstrap")
    assert bootstrapped.returncode == 0, bootstrapped.output
    deployment.cdktf(
        *("deploy", *STACKS, "--auto-approve"),
        *("--outputs-file", str(directory / "outputs.json")),
        "--outputs-file-include-sensitive-outputs=false",
    )
    outputs = json.loads((directory / "outputs.json").read_text())[STACKS[1]]
    yield Deployed(deployment, outputs)
    running.stop()
