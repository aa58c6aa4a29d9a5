"""Checks, their findings, and the report of all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from allora_cli.doctor.check_context import CheckContext


class Verdict(StrEnum):
    """The outcome of a check, as in `allora doctor --json`."""

    OK = "ok"
    FAIL = "fail"
    """A deployment would fail, or the worker could not work."""
    WARNING = "warning"
    """Worth knowing; it stops nothing."""
    UNKNOWN = "unknown"
    """The check could not be made; that does not stop a deployment."""
    SKIPPED = "skipped"
    """A check that this one needs has not succeeded."""


class Group(StrEnum):
    """The subject of checks, in the order of the screen."""

    COMPUTER = "This computer"
    SETTINGS = "Settings"
    ACCOUNT = "Account"
    STATE = "State"
    DEPLOYMENT = "Deployment"
    WALLET = "Wallet"
    COST = "Cost"


class Scope(StrEnum):
    """What a check is about."""

    ALL = "all"
    HOST = "host"
    """The single host; beside a fleet only if it is deployed."""
    FLEET = "fleet"
    """The workers of the fleet file."""


@dataclass(frozen=True)
class Finding:
    """A check's verdict, with the words for the screen and the facts for scripts.

    Attributes:
        detail: a few words or a sentence; never a secret.
        remedy: commands or hints, one a line; "" when all is well.
        facts: numbers and names for `--json`.
        needs: of a skipped check, the id of the check that is the reason.
        is_quiet: whether it has no line on the screen, because there was nothing to check.
    """

    verdict: Verdict
    detail: str
    remedy: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    needs: str = ""
    is_quiet: bool = False


def ok(detail: str, **facts: Any) -> Finding:  # noqa: ANN401 - for JSON
    """Return a finding of success."""
    return Finding(Verdict.OK, detail, "", facts)


def nothing(detail: str) -> Finding:
    """Return the finding of a check that has nothing to check, and no line on the screen."""
    return Finding(Verdict.OK, detail, is_quiet=True)


def fail(detail: str, remedy: str, **facts: Any) -> Finding:  # noqa: ANN401
    """Return a finding that stops a deployment."""
    return Finding(Verdict.FAIL, detail, remedy, facts)


def warning(detail: str, remedy: str, **facts: Any) -> Finding:  # noqa: ANN401
    """Return a finding that stops nothing."""
    return Finding(Verdict.WARNING, detail, remedy, facts)


def unknown(detail: str, **facts: Any) -> Finding:  # noqa: ANN401
    """Return the finding of a check that could not be made."""
    return Finding(Verdict.UNKNOWN, detail, "", facts)


def skipped(needs: str, title: str) -> Finding:
    """Return the finding of a check that lacks another one's result, by its id and title."""
    return Finding(Verdict.SKIPPED, f"needs: {title}", needs=needs)


@dataclass(frozen=True)
class Check:
    """A named check.

    Attributes:
        id: stable: a heading `doctor-<id>` in docs/operations.md, and the id in `--json`.
        title: the first words of its line on the screen.
        run: makes the check; an error of AWS or its client means "unknown".
        needs: ids of checks; it is skipped unless all of them succeed.
        after: ids of checks that come first, whatever they find.
        scope: what it is about; without that, there is nothing to check.
    """

    id: str
    group: Group
    title: str
    run: Callable[[CheckContext], Finding]
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    scope: Scope = Scope.ALL


@dataclass(frozen=True)
class Result:
    """A check and its finding."""

    check: Check
    finding: Finding


@dataclass(frozen=True)
class Report:
    """The results of all checks.

    Attributes:
        results: in the order of the screen.
        subject: the worker, account and region; "" when the settings are unreadable.
        deployed: whether a worker is deployed; None when unknown.
        address: the wallet's; None when unknown.
        uallo: its balance; None when unknown.
    """

    results: tuple[Result, ...]
    subject: str
    deployed: bool | None
    address: str | None = None
    uallo: int | None = None

    @property
    def healthy(self) -> bool | None:
        """Return whether all is well; None if nothing failed, but not everything was checked."""
        if self.blocked:
            return False
        return None if self.unchecked else True

    @property
    def blocked(self) -> bool:
        """Return whether a check failed: a deployment would fail, or be of no use."""
        return self.count(Verdict.FAIL) > 0

    @property
    def unchecked(self) -> int:
        """Return the number of checks that could not be made."""
        return self.count(Verdict.UNKNOWN) + self.count(Verdict.SKIPPED)

    def count(self, verdict: Verdict) -> int:
        """Return the number of checks with a verdict."""
        return sum(result.finding.verdict is verdict for result in self.results)

    def as_dict(self) -> dict[str, Any]:
        """Return the document of `allora doctor --json`."""
        return {
            "healthy": self.healthy,
            "unchecked": self.unchecked,
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
