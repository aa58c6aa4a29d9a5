"""Run the checks, as many at a time as do not need each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial
from typing import Final

from botocore.exceptions import ClientError

from allora_cli.aws.queries import in_background
from allora_cli.aws.session import one_sentence_errors
from allora_cli.doctor.account import count_of
from allora_cli.doctor.check_context import CheckContext
from allora_cli.doctor.checks import CHECKS
from allora_cli.doctor.findings import (
    Check,
    Finding,
    Report,
    Result,
    Scope,
    Verdict,
    nothing,
    skipped,
    unknown,
)
from allora_cli.doctor.state import has_host
from allora_cli.errors import ErrorCode, OperatorError
from settings import Settings
from settings.fleet import Fleet


def examine(
    *,
    watch: Callable[[Sequence[str]], None] = lambda _titles: None,
    checks: Sequence[Check] = CHECKS,
) -> Report:
    """Return the report of all checks. Change nothing, here or in AWS.

    Args:
        watch: called with the titles of the running checks whenever they change.
        checks: in the order of the screen.
    """
    context = CheckContext()
    findings: dict[str, Finding] = {}
    running: dict[Future[Finding], Check] = {}
    while len(findings) < len(checks):
        for check in checks:
            if check.id in findings or check in running.values() or not _may_begin(check, findings):
                continue
            if check.scope is Scope.FLEET and context.fleet is None:
                findings[check.id] = nothing(_ABSENT[check.scope])
            elif obstacle := _obstacle(check, checks, findings):
                findings[check.id] = skipped(obstacle.id, obstacle.title)
            else:
                running[in_background(partial(_find, check, context))] = check
        if not running:
            continue
        watch([check.title for check in running.values()])
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            findings[running.pop(future).id] = future.result()
    results = tuple(Result(check, findings[check.id]) for check in checks)
    subject = _subject(context.known_settings, context.fleet)
    return Report(results, subject, context.deployed, context.address, context.uallo)


def _may_begin(check: Check, findings: dict[str, Finding]) -> bool:
    return all(other in findings for other in (*check.needs, *check.after))


def _obstacle(check: Check, checks: Sequence[Check], findings: dict[str, Finding]) -> Check | None:
    """Return the check at the root of why this one cannot be made; None if it can."""
    good = {Verdict.OK, Verdict.WARNING}
    needed = (other for other in checks if other.id in check.needs)
    first = next((other for other in needed if findings[other.id].verdict not in good), None)
    if first is None:
        return None
    root = findings[first.id].needs
    return next((other for other in checks if other.id == root), first)


def _find(check: Check, context: CheckContext) -> Finding:
    """Return a check's finding; "unknown" when AWS keeps it from being made."""
    try:
        with one_sentence_errors():
            if check.scope is Scope.HOST and not has_host(context):
                return nothing(_ABSENT[check.scope])
            return check.run(context)
    except OperatorError as error:
        cause = error.__cause__
        if isinstance(cause, ClientError) and error.code is ErrorCode.ACCESS_DENIED:
            return unknown(f"your credentials may not call {cause.operation_name}")
        return unknown(str(error))


_ABSENT: Final = {
    Scope.HOST: "there is no single host beside the fleet",
    Scope.FLEET: "there is no fleet",
}


def _subject(settings: Settings | None, fleet: Fleet | None) -> str:
    if settings is None:
        return ""
    if fleet:
        return f"{count_of(fleet)}, account {settings.aws_account_id}, {settings.aws_region}"
    topics = ", ".join(map(str, settings.topic_ids))
    return (
        f"worker {settings.worker_name} for topic {topics} on {settings.allora_network}, "
        f"account {settings.aws_account_id}, {settings.aws_region}"
    )
