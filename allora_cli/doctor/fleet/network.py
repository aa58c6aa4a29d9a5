"""Checks of what the network knows of the workers' wallets and topics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Final, TypeVar

from allora_cli import chain
from allora_cli.aws.queries import in_background
from allora_cli.doctor.check_context import CheckContext, require
from allora_cli.doctor.findings import Finding, fail, ok, unknown, warning
from allora_cli.doctor.fleet.secrets import few
from allora_cli.wallet.funding import funding_of
from containers.worker.allora_worker.money import UALLO
from settings.fleet import FleetWorker

_AT_ONCE: Final = 8
"""Requests: a fleet is no reason to be limited."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def check_fleet_balances(context: CheckContext) -> Finding:
    """Check that the wallets can pay for their transactions."""
    addresses = require(context.fleet_addresses)
    running = require(context.fleet).running
    workers = {worker.name: worker for worker in running if worker.name in addresses}
    asked = _ask_all(
        workers, lambda name: chain.balance(workers[name].settings.api_url, addresses[name])
    )
    balances = {name: answer for name, answer in asked.items() if isinstance(answer, int)}
    low = [name for name, uallo in balances.items() if _is_low(workers[name], uallo)]
    facts = {"uallo": balances, "low": low}
    if low:
        return warning(
            f"{len(low)} of {len(workers)} wallets have too little: {few(low)}",
            few([_how_to_fund(workers[name], addresses[name]) for name in low], "\n"),
            **facts,
        )
    if errors := [answer for answer in asked.values() if isinstance(answer, chain.ChainError)]:
        return unknown(str(errors[0]), **facts)
    least = min(balances.values(), default=0)
    return ok(f"at least {chain.allo(least)} each" if balances else "no wallet", **facts)


def check_fleet_topics(context: CheckContext) -> Finding:
    """Check that the workers' topics exist, and are active."""
    users: dict[tuple[str, int], list[str]] = {}
    for worker in require(context.fleet).running:
        for topic_id in worker.settings.topic_ids:
            users.setdefault((worker.settings.api_url, topic_id), []).append(worker.name)
    asked = _ask_all(users, lambda place: chain.find_topic(*place))
    missing, idle = [], []
    for place, topic in asked.items():
        told = f"{place[1]} ({few(users[place])})"
        if topic is None:
            missing.append(told)
        elif isinstance(topic, chain.TopicSummary) and not topic.active:
            idle.append(told)
    facts = {"missing": missing, "idle": idle}
    if missing:
        return fail(
            f"the network has no topic {few(missing)}",
            "correct ALLORA_WORKER_TOPIC_ID in fleet.toml: "
            "https://docs.allora.network/api/topics.json",
            **facts,
        )
    if errors := [answer for answer in asked.values() if isinstance(answer, chain.ChainError)]:
        return unknown(str(errors[0]), **facts)
    if idle:
        return warning(
            f"not active: {few(idle)}",
            "the network asks for no inferences there until they are active again",
            **facts,
        )
    return ok(f"{len(users)}, all active", **facts)


def _is_low(worker: FleetWorker, uallo: int) -> bool:
    return uallo == 0 or uallo < worker.settings.alarm_balance * UALLO


def _how_to_fund(worker: FleetWorker, address: str) -> str:
    faucet = funding_of(worker.settings).faucet
    return f"get some for {address}: {faucet}" if faucet else f"send ALLO to {address}"


def _ask_all(
    keys: Iterable[_Key], ask: Callable[[_Key], _Value]
) -> Mapping[_Key, _Value | chain.ChainError]:
    """Return the chain's answers, several asked at a time; an error for each that has none."""
    keys = list(keys)
    lanes = [keys[first::_AT_ONCE] for first in range(_AT_ONCE)]
    running = [in_background(partial(_ask_each, lane, ask)) for lane in lanes]
    found = {key: answer for future in running for key, answer in future.result().items()}
    return {key: found[key] for key in keys}


def _ask_each(
    keys: Sequence[_Key], ask: Callable[[_Key], _Value]
) -> dict[_Key, _Value | chain.ChainError]:
    found: dict[_Key, _Value | chain.ChainError] = {}
    for key in keys:
        try:
            found[key] = ask(key)
        except chain.ChainError as error:
            found[key] = error
    return found
