"""Deploy the worker, and wait until it works."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from allora_cli import chain
from allora_cli.aws.other_hosts import find_other_hosts
from allora_cli.aws.session import is_embedded
from allora_cli.changes.proposal import Proposal
from allora_cli.changes.summarize import summarize
from allora_cli.context import Context, open_context
from allora_cli.deploy.events import (
    DeployResult,
    Examined,
    HostReplacement,
    Ready,
    WaitStarted,
    WalletUnfunded,
)
from allora_cli.deploy.fleet.events import FleetResult
from allora_cli.deploy.fleet.waiting import states_of, wait_for_fleet
from allora_cli.deploy.progress import ALL, UNTIL_CONTAINERS
from allora_cli.deploy.recovery.orphans import Settle, settling
from allora_cli.deploy.recovery.states import recover
from allora_cli.deploy.stacks import Approve, bring_up_to_date
from allora_cli.deploy.waiting import Wait, WaitPolicy
from allora_cli.doctor.examine import examine
from allora_cli.doctor.findings import Report
from allora_cli.errors import ErrorCode, ExitCode, OperatorError
from allora_cli.events import Phase, Workflow, Working
from allora_cli.orphans.orphan import Orphan
from allora_cli.terminal.prompts import Answers
from allora_cli.terraform.deployment import Deployment, find_deployment, require_deployment
from allora_cli.terraform.handled_stacks import handled_stacks
from allora_cli.terraform.state import hosts_in
from allora_cli.terraform.state_objects import require_region, resources_of
from allora_cli.wallet.funding import funding_of
from containers.worker.allora_worker.money import UALLO
from settings.fleet import Fleet
from settings.names import FleetNames
from shared.stacks import SINGLE_NODE


def deploy(answers: Answers, *, policy: WaitPolicy | None) -> Workflow[DeployResult | FleetResult]:
    """Deploy the stacks; wait until the chain has accepted a submission, and a fleet's tasks run.

    Args:
        answers: whether the changes may be made.
        policy: how long to wait; None: not at all.

    Raises:
        OperatorError: it failed, or does not work.
    """
    answers.require_possible()
    report = yield from require_ready()
    context = open_context()
    was_killed = yield from recover(context, answers)
    settle = settled(context, answers, was_killed=was_killed)
    unfunded = _unfunded(context, report)
    yield from bring_up_to_date(context, settle, approval(context, answers, unfunded))
    if context.fleet:
        return (yield from _fleet_result(context, context.fleet, policy))
    deployment = require_deployment(context)
    ready = None if policy is None else (yield from wait_for(context, deployment, policy))
    return DeployResult(context.settings.worker_name, **asdict(deployment), ready=ready)


def _fleet_result(
    context: Context, fleet: Fleet, policy: WaitPolicy | None
) -> Workflow[FleetResult]:
    """Wait for the fleet, and for the single host where there is one."""
    host = find_deployment(context)
    if policy is None:
        states = states_of(context, fleet)
    else:
        states = yield from wait_for_fleet(context, fleet, policy)
        if host:
            yield from wait_for(context, host, policy)
    name = FleetNames(context.settings).fleet
    return FleetResult(name, states, host.instance_id if host else None)


def settled(context: Context, answers: Answers, *, was_killed: bool) -> Settle:
    """Return what settles the orphans, and then makes sure that no other host has the wallet.

    Args:
        context: whose worker.
        answers: whether orphans may be taken over and removed.
        was_killed: whether this command has found a killed run.
    """
    settle_orphans = settling(context, answers, was_killed=was_killed)

    def settle(folder: Path) -> Workflow[Sequence[Orphan]]:
        orphans = yield from settle_orphans(folder)
        require_only_host(context)
        return orphans

    return settle


def require_ready() -> Workflow[Report]:
    """Examine everything that a deployment needs; a check that cannot be made does not stop it.

    Raises:
        OperatorError: there is a ✘.
    """
    yield Working(Phase.DOCTOR)
    report = examine()
    yield Examined(report)
    if report.blocked:
        raise OperatorError(
            ErrorCode.NOT_READY,
            "Each ✘ above would make the deployment fail, or leave a worker that cannot work. "
            "Nothing was changed. Do what the line says, and run the same command again.",
            exit_code=ExitCode.UNHEALTHY,
        )
    return report


def require_only_host(context: Context) -> None:
    """Make sure that no other instance signs with the worker's wallet, or might.

    Terraform ends the old host before it starts a new one, but knows those in its state alone. Two
    hosts of one worker name have one wallet, and spoil each other's transactions (ADR 17). A fleet
    without the single host has other wallets, which the doctor compares.

    Raises:
        OperatorError: there is one that Terraform does not know, also one that is stopped; or the
            settings name another region than that of the host that it knows.
    """
    if SINGLE_NODE not in handled_stacks(context):
        return
    settings = context.settings
    known = hosts_in(resources_of(context, SINGLE_NODE))
    require_region(context, known)
    ec2 = context.session.client("ec2")
    others = find_other_hosts(ec2, settings.worker_name, known)
    if others:
        raise OperatorError(
            ErrorCode.OTHER_HOST,
            f"Another host of the worker {settings.worker_name!r} is in {settings.aws_region}, "
            f"which Terraform's state in {settings.state_bucket} does not know: "
            f"{', '.join(others)}. Both would sign with the same wallet. Nothing was changed. "
            f"If a killed run has left it: allora state remove {' '.join(others)}. If it is "
            "needed: choose another ALLORA_WORKER_NAME, or the state bucket that knows it.",
        )


def approval(context: Context, answers: Answers, unfunded: WalletUnfunded | None = None) -> Approve:
    """Return what sums a proposal up, and asks for it.

    Args:
        context: whose stacks.
        answers: whether it may be carried out.
        unfunded: told before the question.
    """

    def approve(proposal: Proposal) -> Workflow[bool]:
        yield summarize(context, proposal)
        if proposal.replaces_host and (present := find_deployment(context)):
            yield HostReplacement(
                present.instance_id,
                present.public_ip,
                keeps_data_volume=context.settings.data_volume is not None,
            )
        if unfunded:
            yield unfunded
        if not answers.confirm("Make these changes?"):
            return False
        require_only_host(context)  # once more: plan and question may have taken long
        return True

    return approve


def followed_by(approve: Approve, act: Callable[[], None]) -> Approve:
    """Return an approval that acts as soon as a proposal is approved."""

    def approve_and_act(proposal: Proposal) -> Workflow[bool]:
        is_approved = yield from approve(proposal)
        if is_approved:
            act()
        return is_approved

    return approve_and_act


def _unfunded(context: Context, report: Report) -> WalletUnfunded | None:
    """Return that the wallet cannot pay for transactions; None if it can, or nobody knows."""
    if report.address is None or report.uallo is None:
        return None
    funding = funding_of(context.settings)
    if report.uallo >= funding.allo * UALLO:
        return None
    balance, needed = chain.allo(report.uallo), f"{funding.allo:f} ALLO"
    return WalletUnfunded(report.address, balance, needed, funding.faucet)


def wait_for(context: Context, deployment: Deployment, policy: WaitPolicy) -> Workflow[Ready]:
    """Wait until a worker that is deployed has submitted.

    Raises:
        OperatorError: it does not work.
    """
    steps = UNTIL_CONTAINERS if context.settings.worker_image else ALL
    yield WaitStarted(deployment.instance_id, steps, embedded_aws=is_embedded())
    return (yield from Wait(context, deployment.instance_id, policy, steps=steps).run())
