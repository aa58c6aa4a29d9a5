"""What a proposal changes in the monthly cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from allora_cli.aws.price_list import open_price_list
from allora_cli.aws.prices import Cost, monthly_cost_change
from allora_cli.changes.proposal import Proposal
from allora_cli.changes.summary import MonthlyCost
from allora_cli.context import Context
from allora_cli.terraform.handled_stacks import handled_stacks
from shared.stacks import SINGLE_NODE


def cost_of(
    context: Context, proposal: Proposal, present: Sequence[Mapping[str, Any]]
) -> MonthlyCost:
    """Return the monthly cost before and after.

    Args:
        context: with the settings, and the fleet, that are to be deployed.
        proposal: what is about to happen.
        present: `type` and `values` of the resources that are there.
    """
    prices = open_price_list(context.session, context.settings.aws_region)
    change = monthly_cost_change(
        context.settings,
        present,
        prices,
        fleet=context.fleet,
        with_host=SINGLE_NODE in handled_stacks(context),
    )
    after = None if proposal.destroys else change.after
    source = (after or change.before or change.after).source
    return MonthlyCost(_total(change.before), _total(after), source)


def _total(cost: Cost | None) -> float | None:
    """Return USD a month; 0 where nothing is deployed, None if a price is unknown."""
    return 0.0 if cost is None else cost.total
