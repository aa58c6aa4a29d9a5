"""Instance types to choose from, with their prices."""

from __future__ import annotations

from collections.abc import Iterator

import boto3

from allora_cli.aws.price_list import PriceList, open_price_list
from allora_cli.aws.prices import CALCULATOR, monthly_cost
from allora_cli.init.draft import Draft
from settings import Settings, SettingsError
from settings.catalogue import catalogue

DEFAULT = str(Settings.model_fields["instance_type"].default)

_OFFERED = ("t4g.small", "t4g.medium", "t3.small", "t3.medium", "t3.large")


def prices_for(session: boto3.Session | None, region: str) -> PriceList | None:
    """Return the region's prices; None without credentials."""
    return open_price_list(session, region) if session else None


def table(draft: Draft, prices: PriceList | None) -> Iterator[str]:
    """Yield a line for each type: memory, architecture, and the price of the whole worker."""
    names = sorted({DEFAULT, *_OFFERED}, key=_by_memory)
    found = {name: monthly_price(draft, prices, name) for name in names}
    for name, usd in found.items():
        traits = catalogue().instance_types[name]
        memory = f"{traits.memory_mib / 1024:g} GiB"
        plan = ", may run on AWS's Free plan" if traits.on_free_plan else ""
        yield f"  {name:<11} {memory:>5}  {traits.architecture:<6}  {shown_price(usd)}{plan}"
    if None in found.values():
        yield f"  Prices: {CALCULATOR}"
    yield "  arm64 costs less than x86_64; a model's image must exist for it."


def monthly_price(draft: Draft, prices: PriceList | None, instance_type: str) -> float | None:
    """Return USD a month for the whole worker on such an instance; None if unknown."""
    try:
        settings = draft.settings({"AWS_INSTANCE_TYPE": instance_type})
    except SettingsError:
        return None
    return monthly_cost(settings, prices).total


def shown_price(usd: float | None) -> str:
    """Return a monthly price in words."""
    return "price unknown" if usd is None else f"about {usd:.0f} USD a month"


def _by_memory(name: str) -> tuple[int, bool]:
    traits = catalogue().instance_types[name]
    return traits.memory_mib, traits.architecture != "arm64"
