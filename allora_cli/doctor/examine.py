"""Runs the checks: as many at once as do not need each other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue

from botocore.exceptions import BotoCoreError, ClientError

from allora_cli.aws.session import one_sentence_errors
from allora_cli.doctor.check_context import CheckContext
from allora_cli.doctor.checks import CHECKS
from allora_cli.doctor.findings import (
    Check,
    Finding,
    Report,
    Result,
    Verdict,
    skipped,
    unknown,
)
from allora_cli.errors import ErrorCode, OperatorError
from settings import Settings


def examine(
    *,
    watch: Callable[[Sequence[str]], None] = lambda _titles: None,
    checks: Sequence[Check] = CHECKS,
) -> Report:
    """Looks at everything that a deployment needs. Changes nothing, here or in AWS.

    Args:
        watch: is told the titles of what is being looked at, whenever that changes.
        checks: what to look at, in the order of the screen.
    """
    context = CheckContext()
    findings: dict[str, Finding] = {}
    running: dict[str, Check] = {}
    done: SimpleQueue[tuple[Check, Finding | BaseException]] = SimpleQueue()
    while len(findings) < len(checks):
        for check in checks:
            if check.id in findings or check.id in running or not _may_begin(check, findings):
                continue
            if obstacle := _obstacle(check, checks, findings):
                findings[check.id] = skipped(f"needs: {obstacle.title}")
            else:
                running[check.id] = check
                # Not in a pool: its threads would have to be waited for after Ctrl-C.
                threading.Thread(target=_run, args=(check, context, done), daemon=True).start()
        if not running:
            continue
        watch([check.title for check in running.values()])
        check, outcome = done.get()
        if isinstance(outcome, BaseException):
            raise outcome
        findings[check.id] = outcome
        del running[check.id]
    results = tuple(Result(check, findings[check.id]) for check in checks)
    return Report(results, _subject(context.known_settings), context.deployed)


def _may_begin(check: Check, findings: dict[str, Finding]) -> bool:
    return all(other in findings for other in (*check.needs, *check.after))


def _obstacle(check: Check, checks: Sequence[Check], findings: dict[str, Finding]) -> Check | None:
    """The first check without whose success this one makes no sense."""
    good = {Verdict.OK, Verdict.WARNING}
    for other in checks:
        if other.id in check.needs and findings[other.id].verdict not in good:
            return other
    return None


def _run(
    check: Check, context: CheckContext, done: SimpleQueue[tuple[Check, Finding | BaseException]]
) -> None:
    try:
        done.put((check, _look(check, context)))
    except BaseException as error:  # noqa: BLE001 - raised again where somebody sees it
        done.put((check, error))


def _look(check: Check, context: CheckContext) -> Finding:
    """What a check finds; what keeps it from looking is no ✘."""
    try:
        with one_sentence_errors():
            return check.look(context)
    except OperatorError as error:
        cause = error.__cause__
        if isinstance(cause, ClientError) and error.code is ErrorCode.ACCESS_DENIED:
            return unknown(f"your credentials may not call {cause.operation_name}")
        return unknown(str(error))
    except BotoCoreError as error:
        return unknown(str(error))


def _subject(settings: Settings | None) -> str:
    if settings is None:
        return ""
    topics = ", ".join(map(str, settings.topic_ids))
    return (
        f"worker {settings.worker_name} for topic {topics} on {settings.allora_network}, "
        f"account {settings.aws_account_id}, {settings.aws_region}"
    )
