"""Take a worker down, and list what stays on purpose, what that costs, and how to remove it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from allora_cli.aws.price_list import open_price_list
from allora_cli.aws.prices import CALCULATOR, monthly_snapshot_cost
from allora_cli.changes.proposal import Proposal
from allora_cli.changes.summarize import summarize
from allora_cli.context import Context, open_context
from allora_cli.deploy.events import (
    BucketKept,
    DestroyResult,
    KeptBecause,
    Left,
    Leftover,
    NotDeployed,
    OrphanRemoved,
    OrphansFound,
    ToRemove,
)
from allora_cli.deploy.recovery.states import recover
from allora_cli.deploy.stacks import Approve, destroy_all
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.events import Phase, Workflow, Working
from allora_cli.orphans.find import find_orphans
from allora_cli.orphans.known import Known
from allora_cli.orphans.orphan import Orphan
from allora_cli.orphans.remove import remove_orphans
from allora_cli.terminal import prompts
from allora_cli.terminal.prompts import Answers
from allora_cli.terraform.handled_stacks import app_stacks, handled_stacks
from allora_cli.terraform.locks import held_lock
from allora_cli.terraform.ownership import require_own_worker
from allora_cli.terraform.state import hosts_in
from allora_cli.terraform.state_objects import (
    delete_bucket,
    foreign_keys,
    require_region,
    resources_of,
)
from allora_cli.wallet.store import find_wallet
from shared.stacks import SINGLE_NODE

_DELETED_AT_ONCE: Final = 10
"""https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeleteParameters.html"""


@dataclass(frozen=True)
class Scope:
    """What `allora destroy` removes.

    Attributes:
        everything: also secrets, snapshots and the state bucket.
        address: the wallet's that `everything` removes, in place of typing it in.
    """

    everything: bool
    address: str | None


def destroy(answers: Answers, scope: Scope) -> Workflow[DestroyResult]:
    """Destroy the stacks; with `everything` also what is kept for the next deployment.

    Args:
        answers: whether the worker's name has to be typed in.
        scope: what is removed.

    Raises:
        OperatorError: it was declined, or failed; or the states are another worker's or region's.
    """
    context = open_context()
    was_killed = yield from recover(context, answers)
    resources = [
        resource for stack in handled_stacks(context) for resource in resources_of(context, stack)
    ]
    require_region(context, hosts_in(resources))
    require_own_worker(context.settings, resources)
    consent = _Consent(context, answers, scope)
    orphans = _orphans(context)
    settled = orphans if was_killed or not answers.yes else ()
    if orphans:
        yield OrphansFound(orphans, context.settings.state_bucket, is_settled=bool(settled))
    if resources:
        answers.require_possible()
        consent.require_possible()
        yield from destroy_all(context, _asking(context, consent, settled))
    else:
        yield NotDeployed(context.settings.worker_name, context.settings.state_bucket)
        if scope.everything or settled:
            answers.require_possible()
            yield from consent.ask(Proposal(destroys=True))
    if settled:
        # Of what was shown, what has not gone with Terraform's resources.
        shown = {(orphan.type, orphan.id) for orphan in settled}
        yield from _remove(context, [o for o in _orphans(context) if (o.type, o.id) in shown])
    if scope.everything:
        yield Working(Phase.REMOVE)
        yield from _remove_everything(context)
    left = tuple(leftovers(context))
    if left:
        yield Left(left)
    return DestroyResult(context.settings.worker_name, destroyed=bool(resources), left=left)


def _orphans(context: Context) -> tuple[Orphan, ...]:
    return find_orphans(context, Known.of(context)).orphans


def _asking(context: Context, consent: _Consent, orphans: Sequence[Orphan]) -> Approve:
    """Return what asks, and then removes the orphans that are in the way of Terraform.

    AWS deletes no network that has something in it. A volume waits until its host is gone.
    """
    in_the_way = [o for o in orphans if o.stack == SINGLE_NODE and o.type != "aws_ebs_volume"]

    def approve(proposal: Proposal) -> Workflow[bool]:
        is_approved = yield from consent.ask(proposal)
        if is_approved:
            yield from _remove(context, in_the_way)
        return is_approved

    return approve


def _remove(context: Context, orphans: Sequence[Orphan]) -> Iterator[OrphanRemoved]:
    for removed in remove_orphans(context, orphans):
        yield OrphanRemoved(removed.what)


def leftovers(context: Context) -> list[Leftover]:
    """Return what outlives the stacks, and is there."""
    return [*_secrets_left(context), *_snapshots_left(context), *_bucket_left(context)]


# --- what stays


def _secrets_left(context: Context) -> Iterator[Leftover]:
    names = _secret_names(context)
    if names:
        command = f"aws ssm delete-parameters --region {context.settings.aws_region} --names"
        yield Leftover(
            f"the wallet and the secrets: {', '.join(names)}"
            if context.names.wallet in names
            else f"the secrets: {', '.join(names)}",
            "free",
            f"{command} {' '.join(names)} (first: allora backup)",
        )


def _secret_names(context: Context) -> list[str]:
    pages = context.session.client("ssm").get_paginator("get_parameters_by_path")
    found = pages.paginate(Path=context.names.secrets_prefix, Recursive=True)
    return sorted(parameter["Name"] for page in found for parameter in page["Parameters"])


def _snapshots_left(context: Context) -> Iterator[Leftover]:
    for id_, gib in _snapshots(context):
        yield Leftover(
            f"the snapshot {id_} of the data volume",
            _snapshot_cost(context, gib),
            f"aws ec2 delete-snapshot --region {context.settings.aws_region} --snapshot-id {id_}",
        )


def _snapshot_cost(context: Context, gib: int) -> str:
    prices = open_price_list(context.session, context.settings.aws_region)
    usd = monthly_snapshot_cost(context.settings, prices, gib)
    if usd is None:
        return f"at most the price of {gib} GiB of snapshots, {CALCULATOR}"
    return f"at most {usd:.2f} USD a month, for {gib} GiB"


def _snapshots(context: Context) -> Iterator[tuple[str, int]]:
    settings = context.settings
    filters = {"Worker": settings.worker_name, "Project": settings.name_prefix}
    pages = context.session.client("ec2").get_paginator("describe_snapshots")
    for page in pages.paginate(
        OwnerIds=[settings.aws_account_id],
        Filters=[{"Name": f"tag:{tag}", "Values": [value]} for tag, value in filters.items()],
    ):
        for snapshot in page["Snapshots"]:
            yield snapshot["SnapshotId"], snapshot["VolumeSize"]


def _bucket_left(context: Context) -> Iterator[Leftover]:
    if foreign_keys(context) is not None:
        yield Leftover(
            f"the state bucket {context.settings.state_bucket}, with the states' old versions",
            "cents",
            "allora destroy --everything, or docs/state.md#remove-the-bucket",
        )


# --- consent


class _Consent:
    """The operator's consent: the worker's name, and the address of a wallet that is removed."""

    def __init__(self, context: Context, answers: Answers, scope: Scope) -> None:
        self._context = context
        self._answers = answers
        self._scope = scope
        self._wallet = _wallet_address(context) if scope.everything else None

    def require_possible(self) -> None:
        """Raise an OperatorError when an answer is wrong already, or cannot be given."""
        if self._wallet and (self._scope.address or not prompts.at_terminal()):
            self._require_address()

    def ask(self, proposal: Proposal) -> Workflow[bool]:
        """Ask, after what is destroyed and what else is removed."""
        if proposal.changes:
            yield summarize(self._context, proposal)
        if self._scope.everything:
            yield ToRemove(tuple(leftovers(self._context)))
        self._require_name()
        if self._wallet:
            self._require_address()
        return True

    def _require_name(self) -> None:
        name = self._context.settings.worker_name
        if self._answers.yes:
            return
        typed = prompts.ask(
            f"To go on, type the worker's name, {name}",
            instead="To go on without a question: --yes.",
        )
        if typed != name:
            raise _typed_otherwise(f"the worker's name, {name}")

    def _require_address(self) -> None:
        address = self._scope.address or prompts.ask(
            f"The wallet {self._wallet} would be gone, and its coins with it, unless you have its "
            "words or a backup (allora backup). To remove it, type its address",
            instead="Name the wallet that is removed: --address allo1…",
        )
        if address != self._wallet:
            raise _typed_otherwise(
                f"the wallet's address, which is {self._wallet}. To keep it: allora backup"
            )


def _wallet_address(context: Context) -> str | None:
    wallet = find_wallet(context)
    return wallet.address if wallet else None


def _typed_otherwise(wanted: str) -> OperatorError:
    return OperatorError(
        ErrorCode.TYPED_OTHERWISE,
        f"That is not {wanted}. Nothing was changed. To be asked again, run the same command.",
    )


# --- everything


def _remove_everything(context: Context) -> Iterator[BucketKept]:
    """Remove what is kept otherwise; the bucket last, so that another run finds the rest.

    Yields:
        why the bucket was kept all the same.
    """
    ssm = context.session.client("ssm")
    names = _secret_names(context)
    for begin in range(0, len(names), _DELETED_AT_ONCE):
        ssm.delete_parameters(Names=names[begin : begin + _DELETED_AT_ONCE])
    ec2 = context.session.client("ec2")
    for id_, _ in _snapshots(context):
        ec2.delete_snapshot(SnapshotId=id_)
    yield from _remove_bucket(context)


def _remove_bucket(context: Context) -> Iterator[BucketKept]:
    bucket = context.settings.state_bucket
    others = foreign_keys(context)
    if others is None:
        return
    if others:
        yield BucketKept(bucket, KeptBecause.OTHERS_USE_IT, tuple(others[:5]))
    elif any(
        resources_of(context, stack) or held_lock(context, stack) for stack in app_stacks(context)
    ):
        yield BucketKept(bucket, KeptBecause.IN_USE)
    else:
        delete_bucket(context)
