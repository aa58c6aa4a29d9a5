"""Checks of the workers' secrets, many with one request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from allora_cli.doctor.check_context import CheckContext, require
from allora_cli.doctor.findings import Finding, fail, ok, skipped, unknown
from allora_cli.doctor.one_wallet import other_workers
from allora_cli.doctor.state import has_host
from allora_cli.wallet.needed import how_to_store
from allora_cli.wallet.secrets import list_secrets
from allora_cli.wallet.store import read_wallets
from settings.names import Names, task_secrets

_SHOWN: Final = 5
"""Lines of one kind."""


def check_fleet_secrets(context: CheckContext) -> Finding:
    """Check that what the tasks need to start is stored, without decrypting it."""
    needed = {
        parameter: worker.name
        for worker in require(context.fleet).running
        for parameter in task_secrets(worker).values()
    }
    stored = list_secrets(context.ssm, list(needed))
    missing = [secret.parameter for secret in stored if not secret.version]
    facts = {"needed": len(needed), "missing": missing}
    if missing:
        remedies = dict.fromkeys(how_to_store(needed[each], each) for each in missing)
        return fail(f"not stored: {few(missing)}", "\n".join([*remedies][:_SHOWN]), **facts)
    return ok(f"{len(needed)} stored" if needed else "none needed", **facts)


def check_fleet_wallets(context: CheckContext) -> Finding:
    """Check that the stored words are wallets, and that each is used once in the account."""
    running = require(context.fleet).running
    names = {Names(worker.settings).wallet: worker.name for worker in running}
    if has_host(context):
        names[context.names.wallet] = f"{context.settings.worker_name} (the single host's)"
    wallets = read_wallets(context.ssm, list(names))
    if names and not wallets:
        return skipped("fleet-secrets", "Fleet's secrets")
    if wrong := [names[each.parameter] for each in wallets if each.address is None]:
        return fail(
            f"the stored words of {few(wrong)} are no wallet: one is misspelt, missing or out of "
            "place",
            "allora wallet import --replace --worker NAME",
            damaged=wrong,
        )
    addresses = {names[each.parameter]: str(each.address) for each in wallets}
    context.fleet_addresses = addresses
    return _used_once(context, addresses)


def _used_once(context: CheckContext, addresses: Mapping[str, str]) -> Finding:
    users: defaultdict[str, list[str]] = defaultdict(list)
    for name, address in addresses.items():
        users[address].append(name)
    hosts, unseen = other_workers(context)
    for host in hosts:
        if host.address and host.address in users:
            users[host.address].append(str(host))
    shared = {address: names for address, names in users.items() if len(names) > 1}
    facts = {"addresses": dict(addresses), "shared": shared, "unseen": unseen}
    if shared:
        return fail(
            "; ".join(f"{' and '.join(names)} sign with one wallet" for names in shared.values()),
            "give all but one their own: allora wallet create --replace --worker NAME",
            **facts,
        )
    if unseen:
        return unknown("; ".join(unseen), **facts)
    return ok(f"{len(addresses)}, all different", **facts)


def few(names: Sequence[str], separator: str = ", ") -> str:
    """Return the first names, and how many more there are."""
    more = len(names) - _SHOWN
    shown = separator.join(names[:_SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown
