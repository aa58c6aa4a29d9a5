"""Shared fixtures: settings without a file, and stacks as Terraform would read them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

# First, because it prepares the process that `cdktf` starts when it is imported.
import tests.accelerated  # noqa: F401

# isort: split

from cdktf import Testing

from settings import Settings, load_settings
from settings.fleet import Fleet
from settings.fleet_file import load_fleet
from stacks.app import build_app
from tests import needs
from tests.synthesized import Stack

Testing.__test__ = False  # it is not a test class, whatever pytest makes of its name

MINIMAL = {"AWS_ACCOUNT_ID": "123456789012", "AWS_REGION": "eu-central-1"}

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = sorted((ROOT / "samples").glob("*.env"))


def sample_fleet() -> Fleet:
    """Return the workers of samples/fleet.toml, copied beside samples/testnet.env."""
    with TemporaryDirectory() as folder:
        for sample in ("fleet.toml", "testnet.env"):
            shutil.copy(ROOT / "samples" / sample, folder)
        fleet = load_fleet(Path(folder, "testnet.env"), {})
    assert fleet
    return fleet


def pytest_configure(config: pytest.Config) -> None:
    """Say at once what the named tests lack."""
    paths = [config.invocation_params.dir / arg.split("::")[0] for arg in config.args]
    if sentence := needs.missing_for(path.resolve() for path in paths):
        raise pytest.UsageError(sentence)


@pytest.fixture
def make_settings(tmp_path: Path) -> Callable[..., Settings]:
    """Settings of variables, beside the two that must be there; they come from no file."""

    def make(**variables: str) -> Settings:
        empty = tmp_path / "empty.env"
        empty.write_text("")
        return load_settings(empty, MINIMAL | variables)

    return make


@pytest.fixture
def synthesize(tmp_path: Path) -> Callable[..., dict[str, Stack]]:
    """The whole app's stacks for settings and a fleet, by stack id."""

    def make(settings: Settings, fleet: Fleet | None = None) -> dict[str, Stack]:
        outdir = tmp_path / "cdktf.out"
        build_app(settings, outdir=str(outdir), fleet=fleet).synth()
        return {
            file.parent.name: Stack(json.loads(file.read_text()))
            for file in outdir.glob("stacks/*/cdk.tf.json")
        }

    return make


@pytest.fixture
def synth(
    make_settings: Callable[..., Settings], synthesize: Callable[..., dict[str, Stack]]
) -> Callable[..., dict[str, Stack]]:
    """The whole app's stacks for some variables, by stack id."""

    return lambda **variables: synthesize(make_settings(**variables))


@pytest.fixture
def node(synth: Callable[..., dict[str, Stack]]) -> Callable[..., Stack]:
    """The stack `allora-single-node` for some variables."""
    return lambda **variables: synth(**variables)["allora-single-node"]


@pytest.fixture
def common(synth: Callable[..., dict[str, Stack]]) -> Callable[..., Stack]:
    """The stack `allora-common` for some variables."""
    return lambda **variables: synth(**variables)["allora-common"]
