"""All of it together: the deployment on the embedded AWS, the cloud, the chain, and the host."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devtools.embedded_aws.emulator import Emulator
from shared.stacks import STACKS
from tests.host import cache, certificates, chain, packages, python_image, ubuntu
from tests.host.cloud import Cloud
from tests.host.exchanges import Exchanges
from tests.host.imds import InstanceMetadata
from tests.host.machine import Machine
from tests.host.registry import Registry
from tests.host.slots import Slot
from tests.host.upstream import Archive, Emulated
from tests.host.wallet import Wallet
from tests.host.web import Request, Response, Site
from tests.local.deployment import REGION, Deployment

CONSUMER_TOKEN = "a-consumer-of-the-test"
TOPIC = 69

_PYTHON_IMAGE = "docker/library/python:3.13-slim"
SETTINGS = {
    "ALLORA_GRPC_URL": chain.GRPC_URL,
    "ALLORA_WEBSOCKET_URL": chain.WEBSOCKET_URL,
    "ALLORA_PYTHON_IMAGE": f"public.ecr.aws/{_PYTHON_IMAGE}",
}
"""What makes a deployment one for the world of the tests."""


@dataclass(frozen=True)
class Instance:
    """A deployed instance, as EC2 describes it."""

    id: str
    user_data: bytes
    tags: Mapping[str, str]
    role: str
    credentials: Mapping[str, str]


def deploy(emulator: Emulator, directory: Path, wallet: Wallet) -> Deployment:
    """Both stacks, with the project's own commands: those of `allora`, and `cdktf`."""
    deployment = prepare(emulator, directory, wallet)
    deployment.cdktf("deploy", *STACKS, "--auto-approve")
    return deployment


def prepare(emulator: Emulator, directory: Path, wallet: Wallet) -> Deployment:
    """What comes before a deployment: settings, state bucket and secrets."""
    directory.mkdir()
    deployment = Deployment(emulator, directory, dict(SETTINGS))
    bootstrapped = deployment.allora("bootstrap", "--yes")
    assert bootstrapped.returncode == 0, bootstrapped.output
    set_secret(deployment, "mnemonic", wallet.words)
    set_secret(deployment, "inference-token", CONSUMER_TOKEN)
    return deployment


def set_secret(deployment: Deployment, name: str, value: str) -> None:
    """Stores a secret as an operator does."""
    command = ("wallet", "import") if name == "mnemonic" else ("secret", "set", name)
    result = deployment.allora(*command, "--replace", stdin=value)
    assert result.returncode == 0, result.output
    assert value not in result.output


def running_instances(deployment: Deployment) -> list[dict[str, Any]]:
    """The instances that run, as EC2 describes them."""
    answer = deployment.client("ec2").describe_instances(
        Filters=[{"Name": "instance-state-name", "Values": ["running"]}]
    )
    return [each for group in answer["Reservations"] for each in group["Instances"]]


def instance(deployment: Deployment) -> Instance:
    """The one that runs: its user data is that which EC2 would give the instance."""
    (described,) = running_instances(deployment)
    id_ = described["InstanceId"]
    ec2, iam = deployment.client("ec2"), deployment.client("iam")
    attribute = ec2.describe_instance_attribute(InstanceId=id_, Attribute="userData")
    profile = described["IamInstanceProfile"]["Arn"].rpartition("/")[2]
    role = iam.get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]["Roles"][0]
    session = deployment.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName=id_)
    keys = session["Credentials"]
    return Instance(
        id=id_,
        user_data=base64.b64decode(attribute["UserData"]["Value"]),
        tags={tag["Key"]: tag["Value"] for tag in described["Tags"]},
        role=role["RoleName"],
        credentials={
            "AccessKeyId": keys["AccessKeyId"],
            "SecretAccessKey": keys["SecretAccessKey"],
            "Token": keys["SessionToken"],
        },
    )


@dataclass(frozen=True)
class RolePolicy:
    """The inline policy of a host's role, which the embedded AWS enforces.

    Attributes:
        document: as it was when it was read.
    """

    deployment: Deployment
    role: str
    name: str
    document: dict[str, Any]

    def change(self, document: Mapping[str, Any]) -> None:
        """Puts another one in its place."""
        self.deployment.client("iam").put_role_policy(
            RoleName=self.role, PolicyName=self.name, PolicyDocument=json.dumps(document)
        )


def role_policy(deployment: Deployment) -> RolePolicy:
    """The policy of the role of the instance that runs."""
    iam, role = deployment.client("iam"), instance(deployment).role
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    answer = iam.get_role_policy(RoleName=role, PolicyName=name)
    return RolePolicy(deployment, role, name, answer["PolicyDocument"])


class World:
    """Where hosts are launched.

    Attributes:
        wallet: the worker's.
        aws: what the host sees of AWS.
        exchanges: what the model sees of the markets.
        chain: what the worker sees of the network.
    """

    def __init__(
        self,
        deployment: Deployment,
        wallet: Wallet,
        directory: Path,
        slot: Slot,
        *,
        topics: tuple[int, ...] = (TOPIC,),
    ) -> None:
        self.deployment = deployment
        self.wallet = wallet
        self.directory = directory
        self.aws = Emulated(deployment.emulator.url)
        self.exchanges = Exchanges(price=64_000.5, day_ago=63_250.25)
        self.metadata: InstanceMetadata | None = None
        self._slot = slot
        self._authority = certificates.authority()
        self._machines: list[Machine] = []
        files = cache.directory() / "archives"
        archive = Archive("archive.ubuntu.com", files)
        plain: dict[str, Site] = {
            "archive.ubuntu.com": archive,
            f"{REGION}.ec2.archive.ubuntu.com": archive,  # where an instance's apt goes: a mirror
            "security.ubuntu.com": Archive("security.ubuntu.com", files),
        }
        images = {_PYTHON_IMAGE: python_image.python_image(self._authority)}
        secure: dict[str, Site] = {
            f"*.{REGION}.amazonaws.com": self.aws,
            f"*.s3.{REGION}.amazonaws.com": self.aws,
            "*.s3.amazonaws.com": self.aws,
            "public.ecr.aws": Registry(images),
            packages.NAME: packages.PackageIndex(packages.wheels()),
            **dict.fromkeys(Exchanges.NAMES, self.exchanges),
        }
        self.cloud = Cloud(
            slot,
            metadata=self._answer_metadata,
            plain=plain,
            secure=secure,
            tls=self._authority.server_context(secure, directory),
        )
        self.cloud.names.add(chain.NAME)
        self.chain = chain.Chain(
            slot, chain_id="allora-testnet-1", topics=topics, log=directory / "chain.log"
        )

    @property
    def registered(self) -> bool:
        """Whether the chain knows the worker."""
        return self.wallet.address in self.chain.state["registered"][str(TOPIC)]

    def launch(self, launched: Instance, *, has_profile: bool = True) -> Machine:
        """Boots an instance on a fresh disk.

        Args:
            launched: the instance.
            has_profile: whether the role's keys are there from the beginning.
        """
        self.metadata = InstanceMetadata(
            instance_id=launched.id,
            region=REGION,
            role=launched.role,
            user_data=launched.user_data,
            tags=launched.tags,
            credentials=lambda: launched.credentials,
            has_profile=has_profile,
        )
        name = f"host-{len(self._machines) + 1}"
        machine = Machine(ubuntu.disk(self._authority), self.directory / name, self._slot)
        self._machines.append(machine)
        machine.boot()
        return machine

    def close(self) -> None:
        """Ends it all."""
        for machine in self._machines:
            machine.destroy()
        self.chain.close()
        self.cloud.close()

    def _answer_metadata(self, request: Request) -> Response:
        assert self.metadata
        return self.metadata(request)
