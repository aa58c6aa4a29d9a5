"""What has to be right with Terraform's states before Terraform is started."""

from __future__ import annotations

from allora_cli.context import Context
from allora_cli.deploy.events import LockReleased, StaleLock
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.events import Workflow
from allora_cli.terminal.prompts import Answers
from allora_cli.terraform.failures import state_not_saved
from allora_cli.terraform.handled_stacks import app_stacks
from allora_cli.terraform.locks import Holder, Lock, find_lock, holder_of, lock_error, release
from allora_cli.terraform.state_bucket import bucket_exists
from allora_cli.terraform.state_objects import state_of
from allora_cli.terraform.synthesis import stack_folder


def recover(context: Context, answers: Answers) -> Workflow[bool]:
    """Make sure that the states can be used; offer to release the lock of a killed run.

    Returns:
        Whether there was such a lock: what that run created last may be in no state.

    Raises:
        OperatorError: a state is damaged, another's, locked, or was never saved.
    """
    if not bucket_exists(context):
        return False  # the first deployment creates it
    for stack in app_stacks(context):
        folder = stack_folder(stack)
        if (folder / "errored.tfstate").exists():
            raise state_not_saved(folder)
        state_of(context, stack)
    was_killed = False
    for stack in app_stacks(context):
        was_killed |= yield from _unlock(context, answers, stack)
    return was_killed


def _lock(context: Context, stack: str) -> Lock | None:
    """Return a state's lock; None also where there is no bucket, and so nothing is deployed."""
    settings = context.settings
    s3 = context.session.client("s3", region_name=settings.state_region)
    try:
        return find_lock(s3, settings.state_bucket, stack)
    except s3.exceptions.NoSuchBucket:
        return None


def _unlock(context: Context, answers: Answers, stack: str) -> Workflow[bool]:
    lock = _lock(context, stack)
    if lock is None:
        return False
    holder = holder_of(lock, context.settings)
    if holder is not Holder.GONE:
        raise lock_error(lock, holder)
    yield StaleLock(stack, lock.who, lock.operation, lock.since)
    answers.require_possible()
    if not answers.confirm("Release its lock, and go on from there?"):
        raise OperatorError(ErrorCode.DECLINED, "The lock was not released. Nothing was changed.")
    if not release(context, lock):
        raise OperatorError(
            ErrorCode.STATE_LOCKED,
            f"Another run holds the state of {stack} by now. Wait until it is over, and run the "
            "same command again.",
        )
    yield LockReleased(stack)
    return True
