"""`scripts/test.sh`: levels side by side, until one fails."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools.levels import __main__ as command
from devtools.levels import runner
from devtools.levels.levels import LEVELS, ROOT, Level
from devtools.levels.report import count_tests

WAITS = """
import pathlib, signal, sys, time
def stop(*_):
    pathlib.Path("stopped").touch()
    sys.exit(1)
if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
    signal.signal(signal.SIGINT, stop)
pathlib.Path("waits").touch()
time.sleep(600)
"""
FAILS = """
import pathlib, time
while not pathlib.Path("waits").exists():
    time.sleep(0.01)
print("a traceback")
raise SystemExit(1)
"""
PASSES = "open('passed', 'a').write('x')"


def level(name: str, program: str) -> Level:
    return Level(name, "", (sys.executable, "-c", program))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(runner, "ROOT", tmp_path)
    monkeypatch.setattr(command, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def sigint() -> Iterator[None]:
    """Puts back what a test makes of Ctrl-C."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def run(monkeypatch: pytest.MonkeyPatch, *levels: Level) -> int:
    monkeypatch.setattr(command, "LEVELS", levels)
    monkeypatch.setattr(sys, "argv", ["test.sh"])
    monkeypatch.setenv("SEED", "7")
    return command.main()


def test_all_that_pass_are_told_with_their_tests(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "test_it.py").write_text("def test_a(): ...\ndef test_b(): ...\n")
    pytest_level = Level("two", "", (sys.executable, "-m", "pytest", "-q", "test_it.py"))
    assert run(monkeypatch, level("none", PASSES), pytest_level) == 0
    told = capsys.readouterr().out
    assert "SEED=7" in told
    assert [line.split()[:2] for line in told.splitlines() if line.startswith("  two")] == [
        ["two", "2"]
    ]
    assert "All tests passed" in told


def test_a_failure_stops_the_others_and_says_how_to_repeat_it(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runner, "_AT_ONCE", 2)
    levels = level("waits", WAITS), level("fails", FAILS), level("later", PASSES)
    assert run(monkeypatch, *levels) == 1
    told = capsys.readouterr().out
    assert "a traceback" in told
    assert "SEED=7 scripts/test.sh fails" in told
    assert "All tests passed" not in told
    assert (project / "stopped").exists()
    assert not (project / "passed").exists()


@pytest.mark.usefixtures("sigint")
def test_a_level_is_stopped_where_the_caller_ignores_ctrl_c(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert run(monkeypatch, level("waits", WAITS), level("fails", FAILS)) == 1
    assert (project / "stopped").exists()


def test_one_that_does_not_stop_is_killed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_SECONDS_TO_STOP", 0.1)
    notes_pid = "import os; open('pid', 'w').write(str(os.getpid()))\n"
    deaf = notes_pid + WAITS.replace("sys.exit(1)", "")
    assert run(monkeypatch, level("deaf", deaf), level("fails", FAILS)) == 1
    with pytest.raises(ProcessLookupError):
        os.kill(int((project / "pid").read_text()), 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_all(tmp_path: Path, number: signal.Signals) -> None:
    program = f"""
import pathlib, signal, sys
from devtools.levels import __main__ as command, runner
from devtools.levels.levels import Level
signal.signal(signal.SIGINT, signal.default_int_handler)
runner.ROOT = pathlib.Path({str(tmp_path)!r})
command.LEVELS = [Level(name, "", (sys.executable, "-c", {WAITS!r})) for name in "ab"]
sys.exit(command.main())
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    while not (tmp_path / "waits").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    told, _ = process.communicate()
    assert process.returncode == 130
    assert "Stopped." in told
    assert (tmp_path / "stopped").exists()


def test_a_level_that_fails_is_the_error(project: Path) -> None:
    (project / "waits").touch()
    with pytest.raises(runner.LevelFailedError, match="fails"):
        asyncio.run(runner.run_all([level("fails", FAILS), level("later", PASSES)], 1))


def test_the_tests_of_all_suites_count(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    assert count_tests(report) is None
    report.write_text('<testsuites><testsuite tests="2"/><testsuite tests="3"/></testsuites>')
    assert count_tests(report) == 5


def test_every_test_belongs_to_a_level() -> None:
    arguments = {argument for level in LEVELS for argument in level.command}
    folders = {
        str(path.parent.relative_to(ROOT))
        for pattern in ("test_*.py", "*.bats")
        for path in (ROOT / "tests").rglob(pattern)
    }
    assert folders <= arguments


def test_test_sh_names_every_level() -> None:
    text = (ROOT / "scripts/test.sh").read_text(encoding="utf-8")
    assert [level.name for level in LEVELS if level.name not in text.split()] == []
