"""The check of the worker's cost."""

from __future__ import annotations

from allora_cli.aws.price_list import open_price_list
from allora_cli.aws.prices import CALCULATOR, Cost, monthly_cost
from allora_cli.doctor.check_context import CheckContext
from allora_cli.doctor.findings import Finding, ok, unknown


def check_cost(context: CheckContext) -> Finding:
    """Estimate the worker's monthly cost."""
    settings = context.settings
    region = settings.aws_region
    prices = context.client(lambda each: open_price_list(each, region)) if context.session else None
    cost = monthly_cost(settings, prices)
    facts = {
        "usd_a_month": None if cost.total is None else round(cost.total, 2),
        "items": [{"name": item.name, "usd": item.usd} for item in cost.items],
        "source": cost.source,
    }
    if cost.total is None:
        return unknown(_without_prices(cost), **facts)
    instance = cost.items[0]
    return ok(
        f"about {cost.total:.0f} USD, {instance.usd:.0f} of it for {instance.name}, plus logs "
        f"({cost.source})",
        **facts,
    )


def _without_prices(cost: Cost) -> str:
    """Return what is not known, and where it is to be found."""
    if len(cost.missing) == len(cost.items):
        return f"no prices from AWS; {CALCULATOR} has them ({cost.source})"
    known = sum(item.usd or 0 for item in cost.items)
    return (
        f"about {known:.0f} USD without {' and '.join(cost.missing)}, whose price {CALCULATOR} has "
        f"({cost.source})"
    )
