"""A user's working directory: the settings, the embedded AWS, and the real tools in it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from allora_cli.context import Context, open_context
from devtools.embedded_aws.emulator import ACCOUNT_ID, Emulator
from tests.local import command

ROOT = Path(__file__).resolve().parents[2]
REGION = "us-east-1"
BUCKET = f"allora-tfstate-{ACCOUNT_ID}-{REGION}"

_MAIN = (sys.executable, "main.py")
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
    variables: dict[str, str] = field(default_factory=dict)

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
            **self.variables,
        }

    def run(self, *arguments: str, stdin: str = "") -> Result:
        result = subprocess.run(
            arguments,
            cwd=ROOT,
            env=self.environment,
            input=stdin.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        return Result(result.returncode, _COLOURS.sub("", result.stdout.decode()))

    def allora(self, *arguments: str, stdin: str = "") -> Result:
        """The command, from another folder than the project's, with all that it prints in one."""
        done = command.run(
            arguments, self.environment, stdin=stdin, cwd=self.directory, together=True
        )
        assert "\x1b" not in done.stdout, "no terminal takes its codes"
        return Result(done.returncode, done.stdout)

    def allora_apart(
        self,
        *arguments: str,
        stdin: str = "",
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> command.Finished:
        """The command, with stdout and stderr apart and as they are."""
        variables = self.environment | dict(environment or {})
        return command.run(arguments, variables, stdin=stdin, cwd=cwd or self.directory)

    def cdktf(self, *arguments: str) -> str:
        """What the command printed; it must not fail."""
        result = self.run("cdktf", *arguments)
        assert result.returncode == 0, result.output
        return result.output

    def folder(self, stack: str) -> Path:
        """Where the synthesized Terraform of a stack is."""
        return self.directory / "cdktf.out" / "stacks" / stack

    def synthesize(self) -> None:
        """Write the Terraform of the present settings, as cdktf would ask for it."""
        result = self.run("env", f"CDKTF_OUTDIR={self.directory}/cdktf.out", *_MAIN)
        assert result.returncode == 0, result.output

    def terraform(self, stack: str, *arguments: str) -> Result:
        terraform = self.variables.get("TERRAFORM_BINARY_NAME", "terraform")
        return self.run(terraform, f"-chdir={self.folder(stack)}", *arguments)

    def apply(self, stack: str, *options: str) -> str:
        """Return what plain Terraform printed; it must not fail."""
        result = self.terraform(stack, "apply", "-input=false", "-auto-approve", *options)
        assert result.returncode == 0, result.output
        return result.output

    def client(self, service: str, region: str = REGION) -> Any:
        create: Any = boto3.client  # typed for each service by name, which is not known here
        return create(
            service,
            region_name=region,
            endpoint_url=self.emulator.url,
            aws_access_key_id="embedded",
            aws_secret_access_key="embedded",
        )


def context_of(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Context:
    """The context of a command in a deployment's environment, for the test itself."""
    for name, value in deployment.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return open_context()


def running_instances(deployment: Deployment) -> list[str]:
    """The ids of those that run, or soon will."""
    found = deployment.client("ec2").describe_instances(
        Filters=[{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    )
    return [each["InstanceId"] for group in found["Reservations"] for each in group["Instances"]]


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
