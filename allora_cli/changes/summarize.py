"""Sum a proposal up: with what is there now, and with prices."""

from __future__ import annotations

from allora_cli.changes.cost import cost_of
from allora_cli.changes.proposal import Proposal
from allora_cli.changes.summary import Summary, entries_of, stays_and_goes, stops_host
from allora_cli.changes.workers import worker_changes
from allora_cli.context import Context
from allora_cli.terraform.handled_stacks import handled_stacks
from allora_cli.terraform.state_objects import resources_of
from settings.names import FleetNames


def summarize(context: Context, proposal: Proposal) -> Summary:
    """Return a proposal as people see it."""
    settings = context.settings
    present = [
        resource for stack in handled_stacks(context) for resource in resources_of(context, stack)
    ]
    stays, goes = stays_and_goes(proposal, present, settings.state_bucket)
    entries = entries_of(proposal)
    return Summary(
        settings.worker_name,
        entries,
        stays,
        goes,
        stops_host(entries),
        cost_of(context, proposal, present),
        worker_changes(proposal.all_changes),
        FleetNames(settings).fleet if context.fleet else None,
    )
