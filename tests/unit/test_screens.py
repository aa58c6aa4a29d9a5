"""Every static screen, from narrow to wide: words stay whole, and lines fit."""

from __future__ import annotations

import sys

import pytest
from rich.text import Text

from allora_cli.__main__ import main
from allora_cli.deploy import events
from allora_cli.deploy.sentences import sentences
from allora_cli.doctor import Finding, Report, Result, Verdict, show
from allora_cli.doctor.checks import CHECKS
from allora_cli.events import Event
from allora_cli.terminal.console import SafeConsole
from allora_cli.terminal.layout import wrapped
from containers.worker.allora_worker.contract import FAUCET
from tests.screens import WIDTHS, check_lines, check_screen, printed
from tests.unit.test_changes import summary_of
from tests.unit.test_events import EVENTS as COMMON
from tests.unit.test_help import paths

ADDRESS = "allo19rl4cm2hmr8afy4kldpxz3fka4jguq0ajnh7gv"
URL = "https://console.aws.amazon.com/servicequotas/home/services/ec2/quotas/L-1216C47A?region=us-east-1"

at_each_width = pytest.mark.parametrize("width", WIDTHS)


@at_each_width
@pytest.mark.parametrize("words", list(paths()), ids=" ".join)
def test_help(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    width: int,
) -> None:
    def at(columns: int) -> list[str]:
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr(sys, "argv", ["allora", *words, "--help"])
        assert main() == 0
        return capsys.readouterr().out.splitlines()

    check_lines(at(width), at(max(WIDTHS)), width)


@at_each_width
@pytest.mark.parametrize("verdict", Verdict)
def test_doctor(width: int, verdict: Verdict) -> None:
    finding = Finding(
        verdict, f"the wallet {ADDRESS} has nothing, which will not last long", f"see {URL}\n now"
    )
    report = Report(tuple(Result(check, finding) for check in CHECKS), "worker " * 20, None)
    check_screen(lambda console: show(report, console), width)


EVENTS: tuple[Event, ...] = (
    *(event for event, _ in COMMON),
    *map(summary_of, ("model", "zone", "volumes", "destroy")),
    events.WalletUnfunded(ADDRESS, "0 ALLO", "0.00000000075 ALLO", FAUCET),
    events.SettingChanged("MODEL_REF", "0" * 40, "1" * 40),
    events.HostReplacement("i-0123456789abcdef0", "203.0.113.7", keeps_data_volume=True),
    events.NotDeployed("worker", "allora-tfstate-123456789012-ap-southeast-1"),
    events.Left((events.Leftover("/allora/worker/mnemonic", "free of charge", URL),)),
    events.WaitStarted("i-0123456789abcdef0", (), embedded_aws=True),
    events.ConsoleRead(),
    events.DestroyResult("worker", destroyed=True, left=()),
)


@at_each_width
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: str(event.code))
def test_sentences_about_events(width: int, event: Event) -> None:
    def show_event(console: SafeConsole) -> None:
        for text, style in sentences(event):
            console.print(text, markup=False, style=style)

    check_screen(show_event, width)


def test_a_line_continues_below_its_first_word() -> None:
    assert wrapped(Text("  one two three"), 9).plain == "  one two\n  three"


def test_a_longer_word_is_kept_whole() -> None:
    assert wrapped(Text(f"see {URL} now"), 60).plain == f"see\n{URL}\nnow"


def test_the_blank_before_an_answer_stays() -> None:
    assert wrapped(Text("one two: "), 6).plain == "one\ntwo: "


def test_what_fits_stays_as_it_is() -> None:
    assert wrapped(Text("a  b \n\nc: "), 60).plain == "a  b \n\nc: "


@pytest.mark.parametrize("markup", [True, False])
def test_markup_is_as_without_wrapping(*, markup: bool) -> None:
    lines = printed(lambda console: console.print("[bold]so[/] " * 20, markup=markup), 60)
    assert ("[bold]" in lines[0]) != markup


def test_outside_a_terminal_nothing_is_wrapped(capsys: pytest.CaptureFixture[str]) -> None:
    SafeConsole(soft_wrap=True, width=20).print("word " * 20)
    assert capsys.readouterr().out == "word " * 20 + "\n"
