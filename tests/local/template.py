"""One deployment, made once by the real tools, of which each test gets a copy of its own.

A copy is a fork of the embedded AWS with a copy of the working directory: nothing is left to change
in it, and what a test does to it nobody else sees.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from devtools.embedded_aws.emulator import Emulator, EmulatorError
from devtools.embedded_aws.front.account import Plan
from devtools.embedded_aws.lease import Lease
from shared.stacks import STACKS
from tests.local.asked import Asked
from tests.local.attached_providers import attached_providers
from tests.local.deployer import deployer
from tests.local.deployment import BUCKET, Deployment
from tests.local.interposer import Answer, interposed

CANARY = "c4n4ry-7f3a9"
SECRETS = {
    "mnemonic": "abandon " * 11 + "about",
    "api-key": f"{CANARY}-api-key",
    "inference-token": f"{CANARY}-token",
    "model/CG_API_KEY": f"{CANARY}-model",
}
SETTINGS = {
    "EDGE_DATA_VOL_TYPE": "gp3",
    "EDGE_DATA_VOL_SIZE": "20",
    "ALARM_EMAIL": "someone@example.org",
    "MODEL_SECRETS": "CG_API_KEY",
    "MODEL_REPO": "https://git.invalid/my-model.git",
    "MODEL_REF": "v1.0",
}


@dataclass
class Deployed:
    """Both stacks on an embedded AWS, with a data volume, a model of one's own, and all secrets."""

    deployment: Deployment
    outputs: dict[str, str]


@dataclass(frozen=True)
class Template:
    """What was made once.

    Attributes:
        directory: the working directory, in which nothing is changed any more.
        port: where there is a lease on the AWS with both stacks.
        half_port: likewise with `allora-common` alone.
        outputs: those of `allora-single-node`.
        keys: of the user who deployed it, as variables: one with the policies of
            docs/permissions.md, and not the root user.
        actions: what AWS was asked for, in IAM's terms.
        printed: by all commands.
    """

    directory: str
    port: int
    half_port: int
    outputs: dict[str, str]
    keys: dict[str, str]
    actions: list[str]
    printed: str


@contextmanager
def shared_aws(directory: Path) -> Iterator[Lease]:
    """An embedded AWS that is as empty as a new one, the same for all processes of a test run."""
    file = directory / "empty-port"
    with _alone(directory):
        try:
            lease = Lease.on(int(file.read_text()))
        except (FileNotFoundError, EmulatorError):
            lease = Lease.start(directory / "emulator.log")
            file.write_text(str(lease.port))
    try:
        yield lease
    finally:
        lease.release()


@contextmanager
def shared_template(directory: Path, empty: Lease) -> Iterator[Template]:
    """The template, the same for all processes of a test run: the first one makes it."""
    file, failure = directory / "template.json", directory / "failure"
    with _alone(directory, "template"):
        if failure.exists():  # and not by each process once more
            raise AssertionError(failure.read_text())
        try:
            template = Template(**json.loads(file.read_text()))
            leases = [Lease.on(template.port), Lease.on(template.half_port)]
        except (FileNotFoundError, EmulatorError):
            try:
                template, leases = _make(directory / "template", empty)
            except AssertionError as error:
                failure.write_text(str(error))
                raise
            file.write_text(json.dumps(asdict(template)))
    try:
        yield template
    finally:
        for lease in leases:
            lease.release()


@contextmanager
def _alone(directory: Path, name: str = "empty") -> Iterator[None]:
    with (directory / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(directory: Path, empty: Lease) -> tuple[Template, list[Lease]]:
    shutil.rmtree(directory, ignore_errors=True)
    leases = [empty.fork()]
    leases[0].emulator.choose_plan(Plan.FREE)  # the default works in a new account
    keys = deployer(Deployment(leases[0].emulator, directory))
    deployment = Deployment(leases[0].emulator, directory, dict(SETTINGS), keys)
    printed = [prepare(deployment)]

    def fork_between_the_stacks(action: str) -> Answer | None:
        if action == "CreateVpc":
            leases.append(leases[0].fork())
        return None

    asked: list[Asked] = []
    outputs = directory / "outputs.json"
    with interposed(deployment, fork_between_the_stacks, asked) as front:
        printed.append(
            front.cdktf("deploy", *STACKS, "--auto-approve", "--outputs-file", str(outputs))
        )
    half = Deployment(leases[1].emulator, directory, dict(SETTINGS))
    lock = f"{STACKS[1]}/terraform.tfstate.tflock"
    half.client("s3").delete_object(Bucket=BUCKET, Key=lock)  # of the run that went on elsewhere
    for lease in leases:
        lease.emulator.choose_plan(Plan.PAID)
    template = Template(
        directory=str(directory),
        port=leases[0].port,
        half_port=leases[1].port,
        outputs=json.loads(outputs.read_text())[STACKS[1]],
        keys=keys,
        actions=sorted({each.permission for each in asked}),
        printed="".join(printed),
    )
    return template, leases


def prepare(deployment: Deployment) -> str:
    """State bucket and secrets; what was printed."""
    done = [deployment.allora("bootstrap", "--yes")]
    for name, value in SECRETS.items():
        words = ("wallet", "import") if name == "mnemonic" else ("secret", "set", name)
        done.append(deployment.allora(*words, stdin=value))
    for each in done:
        assert each.returncode == 0, each.output
    return "".join(each.output for each in done)


@contextmanager
def forked(lease: Lease) -> Iterator[Emulator]:
    """A fork for as long as it is used."""
    fork = lease.fork()
    try:
        yield fork.emulator
    finally:
        fork.release()


@contextmanager
def copied(template: Template, directory: Path, *, half: bool = False) -> Iterator[Deployed]:
    """A copy of the template.

    Args:
        template: whose.
        directory: a new one, where the working directory is made.
        half: with `allora-common` alone.
    """
    lease = Lease.on(template.half_port if half else template.port)
    with forked(lease) as emulator, attached_providers() as attached:
        lease.release()
        deployment = Deployment(emulator, directory, dict(SETTINGS), template.keys | attached)
        shutil.copytree(f"{template.directory}/cdktf.out", directory / "cdktf.out", symlinks=True)
        yield Deployed(deployment, dict(template.outputs))
