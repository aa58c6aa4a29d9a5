"""Host scripts use no event, state or code that `shared.host_events` does not name."""

from __future__ import annotations

import importlib
import re
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Final

import pytest

from shared.host_events import FIELDS, Code, Event, State

ROOT: Final = Path(__file__).resolve().parents[2]
HOST: Final = ROOT / "scripts/host"
SHELL: Final = "\n".join(
    line
    for file in sorted(HOST.rglob("*.sh"))
    for line in file.read_text("utf-8").splitlines()
    if not line.lstrip().startswith("#")
)


BOOTSTRAP: Final = (HOST / "bin/bootstrap.py").read_text("utf-8")


def found(*patterns: str, bootstrap: str) -> set[str]:
    """Return the names where shell scripts and the bootstrap have such names."""
    in_shell = (re.findall(pattern, SHELL, re.MULTILINE) for pattern in patterns)
    return {*chain.from_iterable(in_shell), *re.findall(bootstrap, BOOTSTRAP)}


EVENTS: Final = found(
    *(r"^ *event (\w+) ", r"^ *EVENT=(\w+)", r"^ +(\w+) '[^']+' \w+(?: \\)?$"),
    r"\|\| event (\w+) ",
    bootstrap=r'"event": "(\w+)"',
)
STATES: Final = found(
    *(r"\bevent (?:\w+|\"\$EVENT\") '?(\w+)'? ", r"\" (\w+)$"),
    bootstrap=r'settings,\s+"(\w+)"',
)
CODES: Final = found(
    *(r"\bdie (?:\S+|\"\$\w+\") ([a-z_]+) ", r"\bgive_up ([a-z_]+) "),
    r"' ([a-z_]+) (?:true|false)$",
    bootstrap=r'code="(\w+)"',
)


@pytest.mark.parametrize(
    ("used", "names"),
    [(EVENTS, Event), (STATES, State), (CODES, Code)],
    ids=["events", "states", "codes"],
)
def test_scripts_use_the_names_of_the_list(used: set[str], names: type[StrEnum]) -> None:
    assert used == set(names)


def test_the_reporter_passes_on_what_the_list_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(HOST / "bin")
    assert importlib.import_module("report").EVENT_FIELDS == FIELDS


@pytest.mark.parametrize("file", sorted((HOST / "bin").glob("*.*")), ids=lambda file: file.name)
def test_messages_name_our_own_command(file: Path) -> None:
    assert not re.search(r"\b(?:cdktf|terraform) [a-z]", file.read_text("utf-8"))
