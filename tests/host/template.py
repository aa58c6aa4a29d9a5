"""Deploys once for all files of a run; each gets a copy of the deployment to change as it likes."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from devtools.embedded_aws.emulator import EmulatorError
from devtools.embedded_aws.lease import Lease
from tests.host.wallet import Wallet, new_wallet
from tests.host.world import SETTINGS, deploy
from tests.local.deployment import Deployment


@dataclass(frozen=True)
class Template:
    """Both stacks, deployed on an embedded AWS that can be forked.

    Attributes:
        port: where the embedded AWS gives leases.
        directory: the working directory.
        words: of the worker's wallet.
        address: of the worker's wallet.
    """

    port: int
    directory: str
    words: str
    address: str

    @property
    def wallet(self) -> Wallet:
        """The worker's wallet."""
        return Wallet(self.words, self.address)


@contextmanager
def shared(directory: Path) -> Iterator[Template]:
    """Yield the template of a run, which the first of its processes makes.

    Args:
        directory: the same for all processes of the run.
    """
    file = directory / "template.json"
    with (directory / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = _found(file)
        template, lease = found or _make(directory)
        file.write_text(json.dumps(asdict(template)))
    try:
        yield template
    finally:
        lease.release()


@contextmanager
def copied(template: Template, directory: Path) -> Iterator[Deployment]:
    """Yield a copy of the template.

    Args:
        directory: a new one, for the copy of the working directory.
    """
    lease = Lease.on(template.port)
    fork = lease.fork()
    lease.release()
    try:
        deployment = Deployment(fork.emulator, directory, dict(SETTINGS))
        shutil.copytree(f"{template.directory}/cdktf.out", directory / "cdktf.out", symlinks=True)
        yield deployment
    finally:
        fork.release()


def _found(file: Path) -> tuple[Template, Lease] | None:
    """Return the template that another process has made and still holds."""
    try:
        template = Template(**json.loads(file.read_text()))
        return template, Lease.on(template.port)
    except (FileNotFoundError, EmulatorError):
        return None


def _make(directory: Path) -> tuple[Template, Lease]:
    place = directory / "deployment"
    shutil.rmtree(place, ignore_errors=True)
    wallet = new_wallet()
    lease = Lease.start(directory / "aws.log")
    try:
        deploy(lease.emulator, place, wallet)
    except BaseException:
        lease.release()
        raise
    return Template(lease.port, str(place), wallet.words, wallet.address), lease
