"""A deployment that is played: its state, instance and reports are there, and nothing else.

For commands that only look, which see no difference; it takes a second instead of a minute.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from devtools.embedded_aws.emulator import Emulator
from tests.local.deployment import BUCKET, REGION, Deployment
from tests.local.interposer import BROKEN, Answer, Refusal, interposed
from tests.local.reported import ReportedHost
from tests.local.terminal import Terminal

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
        self._terminals: list[Terminal] = []

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
        """The command at a terminal of 100 columns and 30 rows, until the stage is closed."""
        opened = Terminal(
            self.deployment, *arguments, rows=ROWS, columns=COLUMNS, environment=environment
        )
        self._terminals.append(opened)
        return opened

    def close(self) -> None:
        """Ends what is still at a terminal."""
        for each in self._terminals:
            each.close()

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
