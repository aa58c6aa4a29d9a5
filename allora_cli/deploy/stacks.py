"""Plan and apply the stacks: each change is applied exactly as it was planned and approved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from allora_cli.context import Context
from allora_cli.deploy.events import NoChanges, StackPlanned
from allora_cli.deploy.recovery.orphans import Settle
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.events import Phase, Workflow, Working
from allora_cli.orphans.places import imported
from allora_cli.terraform.failures import explain_failure
from allora_cli.terraform.plans import Plan
from allora_cli.terraform.runner import Terraform, TerraformError
from allora_cli.terraform.state_objects import state_of
from allora_cli.terraform.synthesis import output_folder, synthesize
from shared.stacks import STACKS

Approve: TypeAlias = Callable[[Plan], Workflow[bool]]
"""Asks whether a plan may be applied."""


def bring_up_to_date(
    context: Context, settle: Settle, approve: Approve, *, env_file: Path | None = None
) -> Workflow[None]:
    """Make both stacks what the settings say.

    Args:
        context: whose stacks.
        settle: called before the first plan.
        approve: called with each plan that changes something, before it is applied.
        env_file: the settings, by default those in force.

    Raises:
        OperatorError: it failed, or a plan was declined.
        KeyboardInterrupt: Ctrl-C, after Terraform has ended in order.
    """
    folder = yield from _synthesized(env_file)
    orphans = yield from settle(folder)
    yield Working(Phase.PLAN)
    is_changed = False
    with imported(folder, orphans), _terraform(context, folder) as terraform:
        plans = _plan(context, terraform)
        for stack in STACKS:
            plan = plans.get(stack)
            if plan is None:
                yield Working(Phase.PLAN)
                plan = terraform.plan([stack])[stack]
            if plan.is_empty:
                continue
            yield StackPlanned(stack, plan.changes)
            if not (yield from approve(plan)):
                raise _declined(is_changed=is_changed)
            yield from terraform.apply(plan)
            is_changed = True
            plans.clear()  # the later stacks read the outputs of this one
    if not is_changed:
        yield NoChanges()


def destroy_all(context: Context, approve: Callable[[], Workflow[None]]) -> Workflow[None]:
    """Destroy both stacks, in reverse order.

    Args:
        context: whose stacks.
        approve: called once, after all plans were shown.

    Raises:
        OperatorError: it failed, or was declined.
        KeyboardInterrupt: Ctrl-C, after Terraform has ended in order.
    """
    folder = yield from _synthesized(None)
    yield Working(Phase.PLAN)
    with _terraform(context, folder) as terraform:
        terraform.init(STACKS)
        plans = terraform.plan([*reversed(STACKS)], destroy=True)
        for plan in plans.values():
            if not plan.is_empty:
                yield StackPlanned(plan.stack, plan.changes, destroys=True)
        yield from approve()
        for plan in plans.values():
            if not plan.is_empty:
                yield from terraform.apply(plan)


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


def _plan(context: Context, terraform: Terraform) -> dict[str, Plan]:
    """Plan both stacks side by side, where the second one can read the first one's outputs."""
    terraform.init(STACKS)
    first = STACKS[0]
    return terraform.plan(STACKS if state_of(context, first).get("outputs") else [first])


@contextmanager
def _terraform(context: Context, folder: Path) -> Iterator[Terraform]:
    with Terraform.on(folder) as terraform:
        try:
            yield terraform
        except TerraformError as error:
            stack_folder = terraform.stack_folder(error.stack)
            raise explain_failure(context, stack_folder, error) from error
