"""What a proposal changes in the monthly cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from allora_cli.aws.price_list import open_price_list
from allora_cli.aws.prices import monthly_cost
from allora_cli.changes.proposal import Proposal
from allora_cli.changes.summary import MonthlyCost
from allora_cli.context import Context


def cost_of(
    context: Context, proposal: Proposal, present: Sequence[Mapping[str, Any]]
) -> MonthlyCost:
    """Return the worker's monthly cost before and after.

    Args:
        context: with the settings that are to be deployed.
        proposal: what is about to happen.
        present: `type` and `values` of the resources that are there.
    """
    settings = context.settings
    prices = open_price_list(context.session, settings.aws_region)
    cost = monthly_cost(settings, prices)
    before = 0.0 if not present else cost.total
    return MonthlyCost(before, 0.0 if proposal.destroys else cost.total, cost.source)
