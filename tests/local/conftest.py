"""The embedded AWS, forked for each test; and the order of the tests, so that nobody waits long."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools.embedded_aws.emulator import Emulator
from devtools.embedded_aws.lease import Lease
from tests.local.attached_providers import attached_providers
from tests.local.template import (
    Deployed,
    Template,
    copied,
    forked,
    shared_aws,
    shared_template,
)
from tests.price_server import PriceServer, price_server
from tests.service_models import read_now, read_once

HERE = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    """With pytest-xdist, each process gets its next test when it is done with one.

    Tests of a minute are beside such of a tenth of a second, and the default are batches.
    """
    if hasattr(config.option, "maxschedchunk"):
        config.option.maxschedchunk = config.option.maxschedchunk or 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One that makes the template first. Then slow ones, so that none is left alone at the end.

    Among them, and among the others, first those that need no template, for which they would wait.
    Within these groups the order is that which it was.
    """
    ours = [item for item in items if HERE in item.path.parents]
    ours.sort(key=_rank)
    first = next((item for item in ours if _needs_template(item)), None)
    if first is not None:
        ours.remove(first)
        ours.insert(0, first)
    items[:] = [item for item in items if HERE not in item.path.parents] + ours


def _rank(item: pytest.Item) -> tuple[bool, bool]:
    slow = item.get_closest_marker("slow") is not None
    return not slow, _needs_template(item)


def _needs_template(item: pytest.Item) -> bool:
    return "template" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session", autouse=True)
def service_models() -> Iterator[None]:
    """What every client of AWS begins with."""
    with read_once():
        read_now()
        yield


@pytest.fixture(scope="session")
def shared_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all processes of a test run."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    directory = base / "embedded-aws"
    directory.mkdir(exist_ok=True)
    return directory


@pytest.fixture(scope="session")
def empty_aws(shared_directory: Path) -> Iterator[Lease]:
    """What every embedded AWS of the tests is a fork of."""
    with shared_aws(shared_directory) as lease:
        yield lease


@pytest.fixture(scope="session")
def prices() -> Iterator[PriceServer]:
    """AWS's price list, which the embedded AWS lacks."""
    with price_server() as server:
        yield server


@pytest.fixture
def emulator(empty_aws: Lease) -> Iterator[Emulator]:
    """An embedded AWS of the test's own, with nothing in it."""
    with forked(empty_aws) as emulator:
        yield emulator


@pytest.fixture
def attached() -> Iterator[dict[str, str]]:
    """Variables with which the tools use AWS providers that run as long as the test."""
    with attached_providers() as variables:
        yield variables


@pytest.fixture(scope="session")
def template(shared_directory: Path, empty_aws: Lease) -> Iterator[Template]:
    """What every deployment of the tests is a copy of. To look at, and to leave as it is."""
    with shared_template(shared_directory, empty_aws) as template:
        yield template


@pytest.fixture
def deployed(template: Template, tmp_path: Path) -> Iterator[Deployed]:
    """A deployment of the test's own, to do with it whatever it likes."""
    with copied(template, tmp_path / "deployed") as copy:
        yield copy


@pytest.fixture
def half_deployed(template: Template, tmp_path: Path) -> Iterator[Deployed]:
    """Likewise, with `allora-common` alone."""
    with copied(template, tmp_path / "deployed", half=True) as copy:
        yield copy
