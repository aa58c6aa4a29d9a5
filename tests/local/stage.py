"""A deployment that is played: its state, instance and reports are there, and nothing else.

For commands that only look, which see no difference; it takes a second instead of a minute.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pexpect
import pyte

from scripts.local.emulator import Emulator
from tests.local.deployment import BUCKET, REGION, Deployment
from tests.local.interposer import BROKEN, Answer, Refusal, interposed
from tests.local.reported import ReportedHost

DASHBOARD = f"https://{REGION}.console.aws.amazon.com/cloudwatch/home#dashboards/dashboard/allora"
IMAGE = "ami-785db401"
ROWS, COLUMNS = 30, 100


class Stage:
    """A worker that somebody has deployed.

    Args:
        emulator: an embedded AWS with nothing in it.
        directory: for the user's files.
    """

    def __init__(self, emulator: Emulator, directory: Path) -> None:
        self.deployment = Deployment(emulator, directory)
        self.ec2 = self.deployment.client("ec2")
        self.logs = self.deployment.client("logs")
        self.cloudwatch = self.deployment.client("cloudwatch")
        self._s3 = self.deployment.client("s3")
        self._s3.create_bucket(Bucket=BUCKET)
        self.host = self.launch()

    def launch(self) -> ReportedHost:
        """A new instance, which the state then names."""
        (instance,) = self.ec2.run_instances(
            ImageId=IMAGE, InstanceType="t3.medium", MinCount=1, MaxCount=1
        )["Instances"]
        self.host = ReportedHost(self.logs, instance["InstanceId"])
        self.write_state(
            instance_id=instance["InstanceId"], public_ip="198.51.100.7", dashboard_url=DASHBOARD
        )
        return self.host

    def write_state(self, **outputs: str) -> None:
        """A state as Terraform writes it, with these outputs and nothing else."""
        state = {
            "version": 4,
            "outputs": {
                name: {"value": value, "type": "string"} for name, value in outputs.items()
            },
        }
        self._s3.put_object(
            Bucket=BUCKET, Key="allora-single-node/terraform.tfstate", Body=json.dumps(state)
        )

    def spawn(self, *arguments: str, **environment: str) -> Terminal:
        """The command at a terminal of 100 columns and 30 rows."""
        return Terminal(self.deployment, *arguments, **environment)

    @contextmanager
    def way(self) -> Iterator[Way]:
        """A way to AWS on which things can go wrong; what is run meanwhile takes it."""
        way = Way()
        with interposed(self.deployment, way.answer) as there:
            direct = self.deployment.emulator
            self.deployment.emulator = there.emulator
            try:
                yield way
            finally:
                self.deployment.emulator = direct


@dataclass
class Way:
    """What goes wrong on the way to AWS.

    Attributes:
        refusals: by action, such as `FilterLogEvents`.
        is_open: whether anything comes through; connections are broken otherwise.
    """

    refusals: dict[str, Refusal] = field(default_factory=dict)
    is_open: bool = True

    def answer(self, action: str) -> Answer | Refusal | None:
        return self.refusals.get(action) if self.is_open else BROKEN


class Terminal:
    """A real pseudo-terminal with `allora` in it, and what a person sees there."""

    def __init__(self, deployment: Deployment, *arguments: str, **environment: str) -> None:
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.screen.set_mode(pyte.modes.LNM)
        self._stream = pyte.ByteStream(self.screen)
        self.received = b""
        self._process: Any = pexpect.spawn(  # in bytes; its types know texts only
            "python",
            ["-m", "scripts.operator", *arguments],
            env=deployment.environment | {"TERM": "xterm-256color"} | environment,
            dimensions=(ROWS, COLUMNS),
            timeout=60,
        )

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display).strip()

    def expect(self, text: str) -> None:
        """Waits until the command prints a text."""
        self._process.expect_exact(text.encode())
        self._take(self._process.before + self._process.after)

    def interrupt(self) -> int:
        """Types Ctrl-C; the exit code."""
        self._process.sendintr()
        return self.end()

    def end(self) -> int:
        """Waits for the command's end; the exit code."""
        self._process.expect(pexpect.EOF)
        self._take(self._process.before)
        self._process.close()
        assert self._process.signalstatus is None
        return int(self._process.exitstatus or 0)

    def _take(self, output: bytes) -> None:
        self.received += output
        self._stream.feed(output)
