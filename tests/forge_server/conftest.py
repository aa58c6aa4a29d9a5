"""Fixtures: models, saved as the kit's users save them, and the server's part that asks them."""

from __future__ import annotations

# First, because it ends where the other imports would fail.
import tests.image_packages  # noqa: F401

# isort: split

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from forge_server.calls import Question
from forge_server.process import Model
from forge_server.settings import read_settings

from tests.forge_server.saving import save_model, variables

Save = Callable[..., Path]
Start = Callable[..., Model]

QUESTION = Question(topic_id=69, nonce=1234, token="BTC")


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Save a program's `predict`, and return the file."""
    return partial(save_model, tmp_path)


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """The model of a file, in a process that ends with the test."""
    started = []

    def make(file: Path, **changes: str) -> Model:
        container = {**variables(file), **changes}
        for name, value in container.items():
            monkeypatch.setenv(name, value)
        started.append(Model(read_settings(container)))
        return started[-1]

    yield make
    for model in started:
        model.stop()
