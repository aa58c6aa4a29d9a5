"""Plan and apply the stacks: nothing is done beyond what was proposed and approved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from allora_cli.changes.proposal import Proposal
from allora_cli.changes.volumes import require_growing_volumes
from allora_cli.context import Context
from allora_cli.deploy.events import NoChanges, StackPlanned, StateBucketMade
from allora_cli.deploy.recovery.orphans import Settle
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.events import Phase, Workflow, Working
from allora_cli.images.building import build_missing
from allora_cli.orphans.places import imported
from allora_cli.terraform.failures import explain_failure
from allora_cli.terraform.handled_stacks import handled_stacks
from allora_cli.terraform.plans import Plan
from allora_cli.terraform.runner import Terraform, TerraformError
from allora_cli.terraform.state_bucket import bucket_exists, ensure_bucket
from allora_cli.terraform.state_objects import state_of
from allora_cli.terraform.synthesis import (
    foreseen,
    needed_outputs,
    output_folder,
    synthesize,
)
from shared.stacks import COMMON, FLEET

Approve: TypeAlias = Callable[[Proposal], Workflow[bool]]
"""Tells of a proposal, and asks whether it may be carried out."""


@dataclass(frozen=True)
class _Run:
    """What one run works on.

    Attributes:
        folder: of the synthesized app.
        stacks: those that it handles, in the order of deployment.
    """

    context: Context
    terraform: Terraform
    folder: Path
    stacks: Sequence[str]


def bring_up_to_date(
    context: Context, settle: Settle, approve: Approve, *, env_file: Path | None = None
) -> Workflow[None]:
    """Make the stacks what the settings say.

    Args:
        context: whose stacks.
        settle: called before the first plan.
        approve: called once with all that changes, before anything does; and again only if a plan
            turns out to do more.
        env_file: the settings, by default those in force.

    Raises:
        OperatorError: it failed, or was declined.
        KeyboardInterrupt: Ctrl-C, after Terraform has ended in order.
    """
    folder = yield from _synthesized(env_file)
    orphans = yield from settle(folder)
    yield Working(Phase.PLAN)
    with imported(folder, orphans), _terraform(context, folder) as terraform:
        run = _Run(context, terraform, folder, handled_stacks(context))
        if not bucket_exists(context):
            yield from _deploy_first(run, approve)
            return
        terraform.init(run.stacks)
        plans = _plan(run)
        proposal = _propose(run, plans)
        if not proposal.changes:
            if FLEET in run.stacks:
                yield from build_missing(context)
            yield NoChanges()
            return
        yield from _planned(plans.values())
        yield from _ask(approve, proposal, is_changed=False)
        yield from _carry_out(run, plans, proposal, approve)


def destroy_all(context: Context, approve: Approve) -> Workflow[None]:
    """Destroy the stacks, in reverse order.

    Args:
        context: whose stacks.
        approve: called once, with all that is destroyed.

    Raises:
        OperatorError: it failed, or was declined.
        KeyboardInterrupt: Ctrl-C, after Terraform has ended in order.
    """
    folder = yield from _synthesized(None)
    yield Working(Phase.PLAN)
    with _terraform(context, folder) as terraform:
        stacks = handled_stacks(context)
        terraform.init(stacks)
        plans = terraform.plan([*reversed(stacks)], destroy=True)
        changing = [plan for plan in plans.values() if not plan.is_empty]
        yield from _planned(changing)
        proposal = Proposal({plan.stack: plan.changes for plan in changing}, destroys=True)
        yield from _ask(approve, proposal, is_changed=False)
        for plan in changing:
            yield from terraform.apply(plan)


def _deploy_first(run: _Run, approve: Approve) -> Workflow[None]:
    """Deploy where there is no state, and no bucket for one: Terraform can plan nothing yet."""
    bucket = run.context.settings.state_bucket
    proposal = Proposal(
        {stack: foreseen(run.folder, stack) for stack in run.stacks}, new_bucket=bucket
    )
    yield from _ask(approve, proposal, is_changed=False)
    yield StateBucketMade(bucket, tuple(ensure_bucket(run.context)))
    yield Working(Phase.PLAN)
    run.terraform.init(run.stacks)
    yield from _carry_out(run, {}, proposal, approve)


def _propose(run: _Run, plans: dict[str, Plan]) -> Proposal:
    """Return all that the plans change, and what becomes of a stack that cannot be planned yet."""
    changes = {stack: plan.changes for stack, plan in plans.items() if not plan.is_empty}
    for stack in run.stacks:
        if stack not in plans and not state_of(run.context, stack).get("resources"):
            changes[stack] = foreseen(run.folder, stack)
    return Proposal(changes)


def _carry_out(
    run: _Run, plans: dict[str, Plan], proposal: Proposal, approve: Approve
) -> Workflow[None]:
    """Apply each stack's plan; ask again only for one that does more than what was approved."""
    for stack in run.stacks:
        plan = plans.pop(stack, None)
        if plan is None:
            yield Working(Phase.PLAN)
            plan = run.terraform.plan([stack])[stack]
            yield from _planned([plan])
        if not plan.is_empty and not proposal.covers(plan):
            proposal = Proposal({stack: plan.changes})
            yield from _ask(approve, proposal, is_changed=True)
        if stack == FLEET:
            yield from build_missing(run.context)
        if plan.is_empty:
            continue
        yield from run.terraform.apply(plan)
        if stack == COMMON:
            plans.clear()  # the later stacks read its outputs


def _planned(plans: Iterable[Plan]) -> Iterator[StackPlanned]:
    for plan in plans:
        if not plan.is_empty:
            require_growing_volumes(plan.changes)
            yield StackPlanned(plan.stack, plan.changes)


def _ask(approve: Approve, proposal: Proposal, *, is_changed: bool) -> Workflow[None]:
    if not (yield from approve(proposal)):
        raise _declined(is_changed=is_changed)


def _declined(*, is_changed: bool) -> OperatorError:
    before = "What you approved before is in place." if is_changed else "Nothing was changed."
    return OperatorError(
        ErrorCode.DECLINED,
        f"You did not approve the plan, and it was not applied. {before} To see it again, run the "
        "same command.",
    )


def _synthesized(env_file: Path | None) -> Workflow[Path]:
    folder = output_folder()
    yield Working(Phase.SYNTH)
    synthesize(folder, env_file=env_file)
    return folder


def _plan(run: _Run) -> dict[str, Plan]:
    """Plan side by side the stacks whose inputs are in the state of `allora-common`."""
    outputs = state_of(run.context, COMMON).get("outputs", {}).keys()
    ready = [each for each in run.stacks if needed_outputs(run.folder, each) <= outputs]
    return run.terraform.plan(ready)


@contextmanager
def _terraform(context: Context, folder: Path) -> Iterator[Terraform]:
    with Terraform.on(folder) as terraform:
        try:
            yield terraform
        except TerraformError as error:
            stack_folder = terraform.stack_folder(error.stack)
            raise explain_failure(context, stack_folder, error) from error
