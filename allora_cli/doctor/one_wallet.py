"""Check that the wallet is used in one place: two workers with one wallet harm each other."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from functools import partial
from typing import Any, Final

from allora_cli import chain
from allora_cli.aws.queries import QUICK, Unknown, asked
from allora_cli.doctor.check_context import CheckContext, require
from allora_cli.doctor.findings import Finding, fail, ok, unknown, warning
from allora_cli.host.other_workers import OtherWorker, find_workers, regions_with_workers

_RECENT: Final = 720
"""Blocks: about an hour."""


def check_one_wallet(context: CheckContext) -> Finding:
    """Check that no other worker signs with the wallet: the addresses are compared."""
    if context.address is None:
        return unknown("the wallet of ALLORA_WORKER_IMAGE is not known here")
    others, unseen = other_workers(context)
    same = [worker for worker in others if worker.address == context.address]
    facts: dict[str, Any] = {"others": [asdict(worker) for worker in others], "unseen": unseen}
    own_wallet = (
        "end one of the two, or give it its own: allora wallet create --replace" + context.option
    )
    if same:
        return fail(f"{_listed(same)} signs with this wallet, too", own_wallet, **facts)
    if submitted := _submitted_elsewhere(context):
        topic, blocks = submitted
        return warning(
            f"nothing is deployed here, and the wallet submitted in topic {topic} {blocks} blocks "
            "ago",
            f"if another worker did: {own_wallet}",
            **facts,
        )
    unknowns = [f"{worker} has not reported a wallet" for worker in others if not worker.address]
    if unknowns or unseen:
        return unknown("; ".join([*unknowns, *unseen]), **facts)
    return ok(f"{len(others) or 'no'} other worker{'s' * (len(others) != 1)}", **facts)


def other_workers(context: CheckContext) -> tuple[list[OtherWorker], list[str]]:
    """Return the account's other workers, and a sentence for each place that cannot be seen."""
    settings = context.settings
    elsewhere = asked(lambda: _other_regions(context))
    others, unseen = [], []
    if isinstance(elsewhere, Unknown):
        unseen.append(f"other regions cannot be seen: {elsewhere.error}")
        elsewhere = set()
    for region in (settings.aws_region, *sorted(elsewhere)):
        except_for = settings.worker_name if region == settings.aws_region else None
        found = asked(partial(_workers_in, context, region, except_for))
        if isinstance(found, Unknown):
            unseen.append(f"{region} cannot be seen: {found.error}")
        else:
            others += found
    return others, unseen


def _other_regions(context: CheckContext) -> set[str]:
    settings, session = context.settings, require(context.session)
    known = set(session.get_available_regions("ec2", settings.partition))
    cloudwatch = context.client(lambda session: session.client("cloudwatch", config=QUICK))
    return regions_with_workers(cloudwatch, known - {settings.aws_region})


def _workers_in(context: CheckContext, region: str, except_for: str | None) -> list[OtherWorker]:
    ec2 = context.client(lambda session: session.client("ec2", region_name=region, config=QUICK))
    logs = context.client(lambda session: session.client("logs", region_name=region, config=QUICK))
    return list(find_workers(ec2, logs, region, except_for=except_for))


def _submitted_elsewhere(context: CheckContext) -> tuple[int, int] | None:
    """Return the topic, and the blocks since a recent submission that no worker here can have sent.

    A hint of workers in other accounts. A chain that does not answer gives none: "balance" says so.
    """
    settings = context.settings
    if context.deployed is not False:
        return None
    try:
        height = chain.height(settings.api_url)
    except chain.ChainError:
        return None
    for topic in settings.topic_ids:
        with suppress(chain.ChainError):
            nonce = chain.newest_submission(
                settings.api_url, topic, settings.worker_role, require(context.address)
            )
            if nonce is not None and 0 <= height - nonce <= _RECENT:
                return topic, height - nonce
    return None


def _listed(workers: list[OtherWorker]) -> str:
    return ", ".join(map(str, workers))
