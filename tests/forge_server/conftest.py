"""Fixtures: models, saved as the kit's users save them, and the server's part that asks them."""

from __future__ import annotations

# First, because it ends where the other imports would fail.
import tests.image_packages  # noqa: F401

# isort: split

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from forge_server.calls import Question
from forge_server.pickles import THIS_PYTHON
from forge_server.process import Model
from forge_server.settings import Settings, read_settings

SAVE = """
import {library}
{source}
with open({file!r}, "wb") as file:
    {library}.dump(predict, file)
"""

Save = Callable[..., Path]
Start = Callable[..., Model]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Save `predict` of a program, which is its `__main__`, and return the file."""

    def make(source: str, library: str = "cloudpickle", python: str = sys.executable) -> Path:
        file = tmp_path / "predict.pkl"
        program = SAVE.format(library=library, source=source, file=str(file))
        subprocess.run([python, "-c", program], check=True)
        return file

    return make


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Set a container's variables, and return the settings that they are."""

    def make(file: Path, **variables: str) -> Settings:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        given = {"FORGE_FILE": str(file), "FORGE_SHA256": digest, "FORGE_PYTHON": THIS_PYTHON}
        container = {**given, "FORGE_PORT": "0", **variables}
        for name, value in container.items():
            monkeypatch.setenv(name, value)
        return read_settings(container)

    return make


@pytest.fixture
def start(environment: Callable[..., Settings]) -> Iterator[Start]:
    """The model of a file, in a process that ends with the test."""
    started = []

    def make(file: Path, **variables: str) -> Model:
        model = Model(environment(file, **variables))
        started.append(model)
        return model

    yield make
    for model in started:
        model.stop()


QUESTION = Question(topic_id=69, nonce=1234, token="BTC")
