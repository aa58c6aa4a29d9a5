"""Both stacks of a fleet, deployed on the embedded AWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devtools.embedded_aws.emulator import Emulator
from settings.fleet import Fleet
from settings.fleet_file import load_fleet
from settings.loader import load_settings
from settings.names import FleetNames
from shared.stacks import COMMON, FLEET
from tests.host.wallet import Wallet, new_wallet
from tests.host.world import SETTINGS
from tests.local.deployment import Deployment

OWN_IMAGE = "ghcr.invalid/you/model:1"
"""A model image of the user's, which no registry has."""

KEY = "c4n4ry-2e9d1-model"
"""A secret of the user's own model."""


@dataclass(frozen=True)
class Worker:
    """A worker of the fleet.

    Attributes:
        topic: Its one topic.
        own: What the file says of it.
        secrets: Of its model.
    """

    name: str
    topic: int
    own: Mapping[str, object] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    wallet: Wallet = field(default_factory=new_wallet)

    def table(self, **changes: object) -> str:
        """Its table in the file."""
        values = {"ALLORA_WORKER_TOPIC_ID": self.topic, **self.own, **changes}
        lines = [f"{name} = {_toml(value)}" for name, value in values.items()]
        return "\n".join([f"[workers.{self.name}]", *lines, ""])


def workers() -> tuple[Worker, ...]:
    """Three workers: other topics, other coins; the last one has a model of the user's."""
    return (
        Worker("btc-day", 69),
        Worker("eth-5min", 13),
        Worker(
            "own-model",
            14,
            {"MODEL_IMAGE": OWN_IMAGE, "MODEL_SECRETS": "CG_API_KEY", "model_logs": True},
            {"CG_API_KEY": KEY},
        ),
    )


class DeployedFleet:
    """A fleet whose file the test changes as an operator does.

    Attributes:
        workers: Those of the file at first.
    """

    def __init__(self, emulator: Emulator, directory: Path, workers: tuple[Worker, ...]) -> None:
        self.deployment = Deployment(emulator, directory, dict(SETTINGS))
        self.workers = workers
        self._changes: dict[str, Mapping[str, object]] = {each.name: {} for each in workers}
        self._write()
        bootstrapped = self.deployment.allora("bootstrap", "--yes")
        assert bootstrapped.returncode == 0, bootstrapped.output
        self._store_secrets()

    def deploy(self) -> None:
        """Deploy both stacks with cdktf."""
        self.deployment.cdktf("deploy", COMMON, FLEET, "--auto-approve")

    def change(self, name: str, **changes: object) -> None:
        """Change a worker, and apply with plain Terraform."""
        self._changes[name] = {**self._changes[name], **changes}
        self._apply()

    def remove(self, name: str) -> None:
        """Remove a worker from the file, and apply."""
        del self._changes[name]
        self._apply()

    @property
    def fleet(self) -> Fleet:
        """The fleet as the settings have it."""
        fleet = load_fleet(self.deployment.directory / "env", {})
        assert fleet
        return fleet

    @property
    def names(self) -> FleetNames:
        """The names of the fleet's resources."""
        return FleetNames(load_settings(self.deployment.directory / "env", {}))

    def client(self, service: str) -> Any:
        """A client of the account's root user."""
        return self.deployment.client(service)

    def _apply(self) -> None:
        self._write()
        self.deployment.synthesize()
        self.deployment.apply(FLEET)

    def _write(self) -> None:
        head = '[fleet]\narchitecture = "x86_64"\nsize = "1 vCPU, 2 GB"\n'
        tables = [
            worker.table(**self._changes[worker.name])
            for worker in self.workers
            if worker.name in self._changes
        ]
        (self.deployment.directory / "fleet.toml").write_text("\n".join([head, *tables]))

    def _store_secrets(self) -> None:
        ssm = self.client("ssm")
        for worker in self.workers:
            secrets = {"mnemonic": worker.wallet.words} | {
                f"model/{name}": value for name, value in worker.secrets.items()
            }
            for name, value in secrets.items():
                path = f"/allora/{worker.name}/{name}"
                ssm.put_parameter(Name=path, Value=value, Type="SecureString")


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool | int) else f"'{value}'"
