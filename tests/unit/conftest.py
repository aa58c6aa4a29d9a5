"""What many unit tests wait for, once for all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.service_models import read_once


@pytest.fixture(scope="session", autouse=True)
def service_models() -> Iterator[None]:
    """What every client of AWS begins with."""
    with read_once():
        yield
