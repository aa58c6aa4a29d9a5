"""What an report is made of, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from allora_cli.doctor.check_context import CheckContext


class Verdict(StrEnum):
    """What a check comes to; the values are those of `allora doctor --json`."""

    OK = "ok"
    FAIL = "fail"
    """A deployment would fail, or the worker could not work."""
    WARNING = "warning"
    """Worth knowing; it stops nothing."""
    UNKNOWN = "unknown"
    """It could not be looked at, which is no reason to stop."""
    SKIPPED = "skipped"
    """It needs something that another check has not found."""

    @property
    def mark(self) -> str:
        """The sign for it on the screen."""
        return _MARKS[self]


_MARKS = {
    Verdict.OK: "✔",
    Verdict.FAIL: "✘",
    Verdict.WARNING: "!",
    Verdict.UNKNOWN: "?",
    Verdict.SKIPPED: "–",
}


class Group(StrEnum):
    """What checks are about, in the order of the screen."""

    COMPUTER = "This computer"
    SETTINGS = "Settings"
    ACCOUNT = "Account"
    STATE = "State"
    DEPLOYMENT = "Deployment"
    WALLET = "Wallet"
    COST = "Cost"


@dataclass(frozen=True)
class Finding:
    """The result of a check.

    Args:
        verdict: whether all is well.
        detail: what was found, in a few words or a sentence. Never a secret.
        remedy: what to do about it, when it is not well.
        facts: the same for scripts: numbers and names.
    """

    verdict: Verdict
    detail: str
    remedy: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


def ok(detail: str, **facts: Any) -> Finding:  # noqa: ANN401 - for JSON
    """All is well."""
    return Finding(Verdict.OK, detail, "", facts)


def fail(detail: str, remedy: str, **facts: Any) -> Finding:  # noqa: ANN401
    """A deployment would fail, or the worker could not work."""
    return Finding(Verdict.FAIL, detail, remedy, facts)


def warning(detail: str, remedy: str, **facts: Any) -> Finding:  # noqa: ANN401
    """Worth knowing; it stops nothing."""
    return Finding(Verdict.WARNING, detail, remedy, facts)


def unknown(detail: str, **facts: Any) -> Finding:  # noqa: ANN401
    """It could not be looked at."""
    return Finding(Verdict.UNKNOWN, detail, "", facts)


def skipped(detail: str) -> Finding:
    """It needs something that is not there."""
    return Finding(Verdict.SKIPPED, detail)


@dataclass(frozen=True)
class Check:
    """Something to look at.

    Args:
        id: stable: a heading `doctor-<id>` in docs/operations.md, and the id in `--json`.
        group: what it is about.
        title: its line on the screen begins with it.
        look: looks. It may raise what AWS's client raises: that makes it unknown.
        needs: the ids of checks without whose success it makes no sense.
        after: the ids of checks that come first, whatever they find.
    """

    id: str
    group: Group
    title: str
    look: Callable[[CheckContext], Finding]
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """A check and what it found."""

    check: Check
    finding: Finding


@dataclass(frozen=True)
class Report:
    """All that was found.

    Args:
        results: in the order of the screen.
        subject: what was examined, in words; empty when not even the settings could be read.
        deployed: whether a worker is deployed; None when that is not known.
    """

    results: tuple[Result, ...]
    subject: str
    deployed: bool | None

    @property
    def healthy(self) -> bool:
        """Whether there is no ✘."""
        return not self.of(Verdict.FAIL)

    def of(self, verdict: Verdict) -> list[Result]:
        """The results with a verdict."""
        return [result for result in self.results if result.finding.verdict is verdict]

    def __getitem__(self, check_id: str) -> Finding:
        """What a check found."""
        return next(result.finding for result in self.results if result.check.id == check_id)

    def as_dict(self) -> dict[str, Any]:
        """The document of `allora doctor --json`."""
        return {
            "healthy": self.healthy,
            "checks": [
                {
                    "id": result.check.id,
                    "group": result.check.group,
                    "title": result.check.title,
                    "verdict": result.finding.verdict,
                    "detail": result.finding.detail,
                    "remedy": result.finding.remedy or None,
                    "facts": dict(result.finding.facts),
                }
                for result in self.results
            ],
        }
