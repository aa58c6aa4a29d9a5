"""`allora logs` on the embedded AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from devtools.embedded_aws.emulator import Emulator
from tests.local.command import Finished
from tests.local.deployment import ROOT
from tests.local.interposer import Refusal
from tests.local.stage import Stage


@pytest.fixture
def stage(emulator: Emulator, tmp_path: Path) -> Iterator[Stage]:
    with closing(Stage(emulator, tmp_path)) as stage:
        yield stage


def read(stage: Stage, *arguments: str) -> Finished:
    """`allora logs`, with stdout and stderr apart."""
    return stage.deployment.allora_apart("logs", *arguments)


def ago(**length: float) -> datetime:
    return datetime.now(UTC) - timedelta(**length)


class TestWorker:
    def test_is_made_readable_without_metrics(self, stage: Stage) -> None:
        at = ago(minutes=5)
        stage.host.worker("starting", at, message="allora-worker starts", address="allo1x")
        stage.host.worker("metric", at, _aws={}, Balance=2.5)
        stage.host.worker(
            *("submitted", at),
            message="topic 69: submitted for nonce 8123456",
            topic=69,
            nonce=8123456,
            value="64000.5",
            tx_hash="A1B2C3",
        )
        shown = read(stage)
        assert (shown.returncode, shown.stderr) == (0, "")
        first, second = shown.stdout.splitlines()
        assert first.startswith(f"{at:%Y-%m-%d %H:%M:%S}Z info    starting ")
        assert first.endswith("allora-worker starts address=allo1x")
        assert "topic 69: submitted for nonce 8123456 value=64000.5 tx_hash=A1B2C3" in second
        assert "topic=" not in second

    def test_raw_is_every_line_as_it_is(self, stage: Stage) -> None:
        stage.host.worker("metric", _aws={}, Balance=2.5)
        stage.host.worker("starting", message="\x1b[31mred")
        shown = read(stage, "--raw")
        metric, line = map(json.loads, shown.stdout.splitlines())
        assert metric["Balance"] == 2.5
        assert line["message"] == "\x1b[31mred"

    def test_traceback_and_lines_that_are_no_json(self, stage: Stage) -> None:
        stage.host.worker("crashed", message="a fault", traceback="Traceback:\n  line\nKeyError")
        shown = read(stage)
        assert shown.stdout.splitlines()[1:] == ["    Traceback:", "      line", "    KeyError"]

    def test_only_metrics_is_nothing_and_says_so(self, stage: Stage) -> None:
        stage.host.worker("metric", _aws={}, Balance=2.5)
        shown = read(stage)
        assert (shown.returncode, shown.stdout) == (0, "")
        assert "metrics are hidden: --raw" in shown.stderr


class TestOtherParts:
    def test_model_s_lines_stand_as_they_are(self, stage: Stage) -> None:
        stage.host.model("[bold]epoch 3/10[/bold] loss=0.2")
        stage.host.model('{"event": "not the worker\'s"}')
        shown = read(stage, "model").stdout.splitlines()
        assert [line[21:] for line in shown] == [
            "[bold]epoch 3/10[/bold] loss=0.2",
            '{"event": "not the worker\'s"}',
        ]

    def test_boot_is_whole_however_old(self, stage: Stage) -> None:
        stage.host.step(1, at=ago(days=3))
        stage.host.boot("Step 1/12 : FROM python", '{"event": "not the host\'s"}', at=ago(days=2))
        stage.host.ready(at=ago(days=1))
        shown = read(stage, "boot").stdout.splitlines()
        assert [line[21:] for line in shown] == [
            "allora: [1/6] Reach the internet: done",
            "Step 1/12 : FROM python",
            '{"event": "not the host\'s"}',
            "allora: ready",
        ]

    def test_unknown_part(self, stage: Stage) -> None:
        assert read(stage, "wallet").returncode == 2


class TestSelection:
    def test_since(self, stage: Stage) -> None:
        stage.host.model("old", at=ago(hours=3))
        stage.host.model("new", at=ago(minutes=10))
        assert read(stage, "model").stdout.split()[2:] == ["new"]
        assert "old" in read(stage, "model", "--since", "4h").stdout
        begin = ago(minutes=20)
        assert "old" not in read(stage, "model", "--since", f"{begin:%Y-%m-%dT%H:%M}").stdout
        assert read(stage, "model", "--since", "5m").stdout == ""

    @pytest.mark.parametrize("since", ["yesterday", "15", "99999999d", "2026-13-01"])
    def test_since_that_is_no_time(self, stage: Stage, since: str) -> None:
        refused = read(stage, "--since", since)
        assert refused.returncode == 2
        assert "15m" in refused.stderr
        assert "Traceback" not in refused.stderr

    def test_last_lines(self, stage: Stage) -> None:
        for number in range(5):
            stage.host.model(f"line {number}")
        shown = read(stage, "model", "-n", "2").stdout
        assert [line[21:] for line in shown.splitlines()] == ["line 3", "line 4"]

    def test_json_is_an_object_a_line(self, stage: Stage) -> None:
        stage.host.worker("submitted", message="m", topic=69, value="64000.5")
        stage.host.model("plain \x9b2J \udc80".encode("utf-8", "replace").decode())
        (worker,) = map(json.loads, read(stage, "--json").stdout.splitlines())
        assert datetime.fromisoformat(worker["time"]).tzinfo is not None
        assert (worker["part"], worker["instance_id"]) == ("worker", stage.host.instance_id)
        assert worker["fields"]["topic"] == 69
        output = read(stage, "model", "--json").stdout
        assert output.isascii()
        assert json.loads(output)["text"].startswith("plain \x9b2J")


class TestNothing:
    @pytest.mark.parametrize("part", ["worker", "model", "boot"])
    def test_yet(self, stage: Stage, part: str) -> None:
        shown = read(stage, part)
        assert (shown.returncode, shown.stdout) == (0, "")
        assert "allora status" in shown.stderr
        assert "allora doctor" in shown.stderr

    def test_deployed(self, stage: Stage) -> None:
        stage.write_state()
        refused = read(stage)
        assert refused.returncode == 1
        assert "allora deploy" in refused.stderr

    def test_allowed(self, stage: Stage) -> None:
        stage.host.model("line")
        with stage.way() as way:
            way.refusals["FilterLogEvents"] = Refusal("AccessDeniedException")
            for arguments in (["model"], ["model", "-f"]):
                refused = read(stage, *arguments)
                assert refused.returncode == 1
                assert "You may not do that" in refused.stderr
                assert "Traceback" not in refused.stderr


class TestSafety:
    EVIL = "[red]x[/] \x1b]0;title\x07\x1b[2J\x1b[31mred\x1b[0m \u202eback \x9b2J"

    def test_nothing_but_text_reaches_the_terminal(self, stage: Stage) -> None:
        stage.host.model(self.EVIL)
        for arguments in (["model"], ["model", "--raw"], ["model", "--json"]):
            terminal = stage.spawn("logs", *arguments)
            assert terminal.end() == 0
            assert "[red]x[/]" in terminal.display
            for sequence in (b"\x07", b"\x1b]", b"\x1b[2J", "\u202e".encode(), "\x9b".encode()):
                assert sequence not in terminal.received, arguments

    def test_worker_s_fields_too(self, stage: Stage) -> None:
        stage.host.worker("model_failed", message=self.EVIL + "\nfaked line", kind="\ud800")
        terminal = stage.spawn("logs")
        assert terminal.end() == 0
        assert "\\nfaked" not in terminal.display
        assert not any(line.startswith("faked") for line in terminal.display.splitlines())
        assert b"\x1b[2J" not in terminal.received
        assert "Traceback" not in terminal.display

    def test_colours_only_at_a_terminal_that_wants_them(self, stage: Stage) -> None:
        stage.host.worker("window_lost", message="lost", level="error")
        coloured = stage.spawn("logs")
        coloured.end()
        assert b"\x1b[31m" in coloured.received
        plain = stage.spawn("logs", NO_COLOR="1")
        plain.end()
        assert b"\x1b[31m" not in plain.received
        assert "\x1b" not in read(stage).stdout

    def test_reader_that_has_enough(self, stage: Stage) -> None:
        stage.host.model(*(f"{number} {'x' * 1000}" for number in range(300)))
        for option in ("--raw", "--json", "--lines=300"):
            piped = subprocess.run(
                [
                    *("bash", "-o", "pipefail", "-c"),
                    f'"{sys.executable}" -m allora_cli logs model {option} | head -1',
                ],
                cwd=ROOT,
                env=stage.deployment.environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert (piped.returncode, piped.stderr) == (0, ""), option
            assert len(piped.stdout.splitlines()) == 1


class TestFollow:
    def lines(self, terminal: Any) -> list[str]:
        received = terminal.received.decode().replace("\r\n", "\n")
        return [line[21:] for line in received.splitlines() if line[:2] == "20"]

    def test_each_line_once_and_in_order(self, stage: Stage) -> None:
        same = datetime.now(UTC) - timedelta(seconds=30)
        stage.host.model("a", at=same)
        stage.host.model("b", at=same)
        terminal = stage.spawn("logs", "model", "-f", NO_COLOR="1")
        terminal.expect("b\r\n")
        stage.host.model("d", at=same + timedelta(seconds=20))
        stage.host.model("late", at=same + timedelta(seconds=10))
        stage.host.model("c", at=same)
        terminal.expect("d\r\n")
        stage.host.model("end")
        terminal.expect("end\r\n")
        assert terminal.interrupt() == 130
        lines = self.lines(terminal)
        assert sorted(lines) == ["a", "b", "c", "d", "end", "late"]
        assert lines[:2] == ["a", "b"]
        assert lines[-1] == "end"
        assert "Traceback" not in terminal.display

    def test_waits_where_nothing_is_yet(self, stage: Stage) -> None:
        terminal = stage.spawn("logs", "-f")
        terminal.expect("Waiting for lines")
        stage.host.worker("starting", message="here it is")
        terminal.expect("here it is")
        assert terminal.interrupt() == 130

    def test_goes_on_over_throttling_and_lost_connections(self, stage: Stage) -> None:
        stage.host.model("before", at=ago(minutes=1))
        with stage.way() as way:
            terminal = stage.spawn("logs", "model", "-f")
            terminal.expect("before")
            way.refusals["FilterLogEvents"] = Refusal("ThrottlingException")
            terminal.expect("AWS limits the requests")
            del way.refusals["FilterLogEvents"]
            stage.host.model("after throttling")
            terminal.expect("after throttling")
            way.is_open = False
            terminal.expect("AWS does not answer")
            stage.host.model("while nobody saw")
            way.is_open = True
            terminal.expect("while nobody saw")
            assert terminal.interrupt() == 130
        assert self.lines(terminal) == ["before", "after throttling", "while nobody saw"]

    def test_goes_on_with_the_host_that_replaces_this_one(self, stage: Stage) -> None:
        old = stage.host
        old.model("of the old one", at=ago(minutes=1))
        terminal = stage.spawn("logs", "model", "-f", COLUMNS="200")
        terminal.expect("of the old one")
        new = stage.launch()
        old.model("its last words")
        new.model("of the new one")
        terminal.expect("its last words")
        terminal.expect(f"was replaced by {new.instance_id}")
        terminal.expect("of the new one")
        old.model("from the grave")
        new.model("goes on")
        terminal.expect("goes on")
        assert terminal.interrupt() == 130
        assert "from the grave" not in terminal.display

    def test_last_lines_first(self, stage: Stage) -> None:
        for number in range(5):
            stage.host.model(f"line {number}", at=ago(seconds=60))
        terminal = stage.spawn("logs", "model", "-f", "-n", "2")
        terminal.expect("line 4")
        stage.host.model("line 5")
        terminal.expect("line 5")
        assert terminal.interrupt() == 130
        assert self.lines(terminal) == ["line 3", "line 4", "line 5"]

    def test_json_to_a_reader_that_goes(self, stage: Stage) -> None:
        stage.host.model("one", at=ago(seconds=60))
        read_end, write_end = os.pipe()
        process = subprocess.Popen(
            [sys.executable, "-m", "allora_cli", "logs", "model", "-f", "--json"],
            cwd=ROOT,
            env=stage.deployment.environment,
            stdout=write_end,
            stderr=subprocess.PIPE,
        )
        os.close(write_end)
        with os.fdopen(read_end) as reader:
            assert json.loads(reader.readline())["text"] == "one"
        stage.host.model("two")
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, b"")
