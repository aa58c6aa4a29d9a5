"""What the configured worker costs."""

from __future__ import annotations

from allora_cli.aws.prices import CALCULATOR, cost_by, price_list
from allora_cli.doctor.check_context import CheckContext
from allora_cli.doctor.findings import Finding, ok, unknown


def look_at_cost(context: CheckContext) -> Finding:
    """What the worker costs in a month, as far as that is known before."""
    settings = context.settings
    prices = context.client(lambda each: price_list(settings, each)) if context.session else None
    cost = cost_by(prices, settings)
    facts = {
        "usd_a_month": None if cost.total is None else round(cost.total, 2),
        "items": [{"name": item.name, "usd": item.usd} for item in cost.items],
        "source": cost.source,
    }
    if cost.total is None:
        dear = ", ".join(item.name for item in cost.items if item.usd is None)
        return unknown(f"the price of {dear} is not known here: {CALCULATOR}", **facts)
    instance = cost.items[0]
    return ok(
        f"about {cost.total:.0f} USD, {instance.usd:.0f} of it for {instance.name}, and logs "
        f"({cost.source})",
        **facts,
    )
