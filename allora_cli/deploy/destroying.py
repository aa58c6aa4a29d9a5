"""Take a worker or a fleet down."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

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
from allora_cli.deploy.left import leftovers, secret_names, snapshots
from allora_cli.deploy.recovery.states import recover
from allora_cli.deploy.stacks import Approve, destroy_all
from allora_cli.errors import ErrorCode, ExitCode, OperatorError
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
from allora_cli.terraform.running_costs import price
from allora_cli.terraform.state import hosts_in
from allora_cli.terraform.state_objects import (
    delete_bucket,
    foreign_keys,
    require_region,
    resources_of,
)
from allora_cli.wallet.store import find_wallet
from settings.fleet import Fleet
from settings.fleet_file import FLEET_FILE
from settings.names import FleetNames
from shared.stacks import COMMON

_MOST_NAMES: Final = 5
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
    if context.fleet and scope.everything:
        raise _too_many_wallets(context.fleet)
    fleet = FleetNames(context.settings).fleet if context.fleet else None
    was_killed = yield from recover(context, answers)
    stacks = handled_stacks(context)
    resources = [resource for stack in stacks for resource in resources_of(context, stack)]
    require_region(context, hosts_in(resources))
    require_own_worker(context.settings, resources)
    consent = _Consent(context, answers, scope)
    found = _orphans(context)
    orphans = tuple(orphan for orphan in found if orphan.stack in stacks)
    settled = orphans if was_killed or not answers.yes else ()
    if orphans:
        yield OrphansFound(orphans, context.settings.state_bucket, is_settled=bool(settled))
    if resources:
        answers.require_possible()
        consent.require_possible()
        yield from destroy_all(context, _asking(context, consent, settled))
    else:
        settings = context.settings
        yield NotDeployed(settings.worker_name, settings.state_bucket, fleet)
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
    left = (*leftovers(context), *_left_alone(found, stacks))
    if left:
        yield Left(left)
    return DestroyResult(
        context.settings.worker_name,
        destroyed=bool(resources),
        left=left,
        fleet=fleet,
    )


def _too_many_wallets(fleet: Fleet) -> OperatorError:
    return OperatorError(
        ErrorCode.USAGE,
        f"--everything removes the wallet of one worker; {FLEET_FILE} has {len(fleet.workers)}. "
        "Nothing was changed. allora destroy removes the fleet, and lists what is left. To remove "
        f"the state bucket as well, afterwards: move {FLEET_FILE} away, and run this again.",
        exit_code=ExitCode.USAGE,
    )


def _orphans(context: Context) -> tuple[Orphan, ...]:
    return find_orphans(context, Known.of(context)).orphans


def _left_alone(orphans: Sequence[Orphan], stacks: Collection[str]) -> Iterator[Leftover]:
    """Yield what is in no state, and belongs to none of the stacks that are destroyed."""
    others = [orphan for orphan in orphans if orphan.stack not in stacks]
    if others:
        costs = [orphan.usd for orphan in others]
        usd = None if None in costs else sum(cost for cost in costs if cost)
        names = ", ".join(orphan.what for orphan in others[:_MOST_NAMES])
        more = f" and {len(others) - _MOST_NAMES} more" if len(others) > _MOST_NAMES else ""
        yield Leftover(
            f"what is in no state, of a stack that is not deployed: {names}{more}",
            price(usd),
            "allora state orphans lists it; allora state remove ID",
        )


def _asking(context: Context, consent: _Consent, orphans: Sequence[Orphan]) -> Approve:
    """Return what asks, and then removes the orphans that are in the way of Terraform.

    AWS deletes no network that has something in it. A volume waits until its host is gone.
    """
    in_the_way = [o for o in orphans if o.stack != COMMON and o.type != "aws_ebs_volume"]

    def approve(proposal: Proposal) -> Workflow[bool]:
        is_approved = yield from consent.ask(proposal)
        if is_approved:
            yield from _remove(context, in_the_way)
        return is_approved

    return approve


def _remove(context: Context, orphans: Sequence[Orphan]) -> Iterator[OrphanRemoved]:
    for removed in remove_orphans(context, orphans):
        yield OrphanRemoved(removed.what)


# --- consent


class _Consent:
    """The operator's consent: a name, and the address of a wallet that is removed."""

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
        settings = self._context.settings
        whose, name = (
            ("fleet", FleetNames(settings).fleet)
            if self._context.fleet
            else ("worker", settings.worker_name)
        )
        if self._answers.yes:
            return
        typed = prompts.ask(
            f"To go on, type the {whose}'s name, {name}",
            instead="To go on without a question: --yes.",
        )
        if typed != name:
            raise _typed_otherwise(f"the {whose}'s name, {name}")

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
    names = secret_names(context)
    for begin in range(0, len(names), _DELETED_AT_ONCE):
        ssm.delete_parameters(Names=names[begin : begin + _DELETED_AT_ONCE])
    ec2 = context.session.client("ec2")
    for id_, _ in snapshots(context):
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
