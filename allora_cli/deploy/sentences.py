"""What the screen says about each event of a workflow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import singledispatch
from typing import Final

from allora_cli.changes.details import details
from allora_cli.changes.sentences import sentences as summed_up
from allora_cli.changes.summary import Summary
from allora_cli.deploy import events
from allora_cli.deploy.fleet import events as fleet_events
from allora_cli.deploy.fleet.events import WorkerState
from allora_cli.deploy.progress import Step
from allora_cli.events import Event
from allora_cli.images import events as image_events
from allora_cli.images.codebuild import Status
from allora_cli.orphans.orphan import orphan_lines
from allora_cli.terminal.sentence import Sentence
from allora_cli.terraform.messages import (
    ResourceChanged,
    ResourceState,
    Severity,
    StackApplied,
    TerraformMessage,
)
from allora_cli.terraform.plans import Action, Change

_SIGNS: Final[Mapping[Action, tuple[str, str]]] = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.REPLACE: ("±", "red"),
    Action.DELETE: ("-", "red"),
    Action.READ: ("≤", "cyan"),
}
_DOING: Final[Mapping[Action, tuple[str, str]]] = {
    Action.CREATE: ("creating", "created"),
    Action.UPDATE: ("changing", "changed"),
    Action.REPLACE: ("replacing", "replaced"),
    Action.DELETE: ("destroying", "destroyed"),
    Action.READ: ("reading", "read"),
}
_MOST_NAMES: Final = 5
_STYLES: Final[Mapping[Severity, str]] = {
    Severity.INFO: "",
    Severity.WARNING: "yellow",
    Severity.ERROR: "red",
}


@singledispatch
def sentences(event: Event) -> Iterator[Sentence]:
    """Yield the lines about an event."""
    raise TypeError(event)


# --- settings and plans


@sentences.register
def _(event: events.SettingChanged) -> Iterator[Sentence]:
    if event.before == event.after:
        yield Sentence(f"{event.variable} is {event.after} already.")
    else:
        yield Sentence(f"{event.variable}: {event.before or '(not set)'} → {event.after}")


@sentences.register
def _(_event: events.NoChanges) -> Iterator[Sentence]:
    yield Sentence("Nothing to change in AWS.")


@sentences.register
def _(event: Summary) -> Iterator[Sentence]:
    return summed_up(event)


@sentences.register
def _(event: events.StackPlanned) -> Iterator[Sentence]:
    yield Sentence(f"{event.stack}: {_counts(event.changes)}", "bold")
    for change in event.changes:
        sign, style = _SIGNS[change.action]
        yield Sentence(f"  {sign} {change.address}", style)
        yield from (Sentence(f"      {line}", "dim") for line in details(change))


def _counts(changes: tuple[Change, ...]) -> str:
    counts = {action: sum(each.action is action for each in changes) for action in Action}
    named = [f"{count} to {action}" for action, count in counts.items() if count]
    return ", ".join(named) or "only outputs change"


@sentences.register
def _(event: events.HostReplacement) -> Iterator[Sentence]:
    yield Sentence("")
    yield Sentence(f"The host {event.instance_id} ends, and only then the new one starts.")
    yield Sentence("So the wallet never signs twice, and nothing is submitted for some minutes.")


@sentences.register
def _(event: events.StateBucketMade) -> Iterator[Sentence]:
    yield Sentence(f"✔ The bucket {event.bucket} for Terraform's state is made.", "green")


@sentences.register
def _(event: events.WalletUnfunded) -> Iterator[Sentence]:
    yield Sentence("")
    yield Sentence(
        f"The wallet has {event.balance}. 100 transactions need {event.needed}.", "yellow"
    )
    if event.faucet:
        yield Sentence(f"  Get test coins now, free of charge: {event.faucet}")
    yield Sentence(f"  {'Its address' if event.faucet else 'Send ALLO to'}: {event.address}")
    yield Sentence("  Without coins the worker can neither register nor submit; it waits for them.")


@sentences.register
def _(event: events.StaleLock) -> Iterator[Sentence]:
    run = event.operation or "Terraform"
    yield Sentence(
        f"The last run on {event.stack} was killed: {event.who}, {run}, since {event.since}. Its "
        "lock remains.",
        "yellow",
    )


@sentences.register
def _(event: events.LockReleased) -> Iterator[Sentence]:
    yield Sentence(f"✔ The lock of {event.stack} is released.", "green")


@sentences.register
def _(event: events.OrphansFound) -> Iterator[Sentence]:
    yield Sentence("In AWS, with this worker's tags or name, but in no state:", "yellow")
    yield from (Sentence(f"  {line}") for line in orphan_lines(event.orphans))
    if event.is_settled:
        yield Sentence(
            f"A killed run has left it, or another bucket than {event.bucket} has its state: if "
            "TF_STATE_BUCKET was changed, say no and set it back.",
            "dim",
        )
    else:
        yield Sentence(
            "It stays as it is: with --yes, only what a killed run has left is settled, by the "
            "command that releases its lock. To settle it: the same command without --yes. More: "
            "allora state orphans",
            "dim",
        )


@sentences.register
def _(event: events.OrphanRemoved) -> Iterator[Sentence]:
    yield Sentence(f"✔ {event.what}: removed")


# --- images


@sentences.register
def _(event: image_events.ImagesMissing) -> Iterator[Sentence]:
    names = ", ".join(map(str, event.images))
    match event.builder:
        case image_events.Builder.CODEBUILD:
            yield Sentence(
                f"ECR has not all images. CodeBuild builds {names}: some minutes. Ctrl-C stops no "
                "build, and the same command watches on."
            )
        case image_events.Builder.DOCKER:
            yield Sentence(f"ECR has not all images. Docker builds and pushes {names}.")


@sentences.register
def _(event: image_events.BuildStarted) -> Iterator[Sentence]:
    how = "is being built already" if event.is_older else "the build has started"
    which = f" ({event.build_id})" if event.build_id else ""
    yield Sentence(f"{event.image}: {how}{which}", "dim")


@sentences.register
def _(event: image_events.BuildPhase) -> Iterator[Sentence]:
    style = "dim" if event.status == Status.SUCCEEDED else "red"
    took = f" ({event.seconds} s)" if event.seconds else ""
    yield Sentence(f"{event.image}: {event.phase} {event.status}{took}", style)


@sentences.register
def _(event: image_events.BuildsWait) -> Iterator[Sentence]:
    yield Sentence(
        f"! The account runs no more builds at a time: {len(event.images)} wait for their turn."
    )


@sentences.register
def _(event: image_events.ImageBuilt) -> Iterator[Sentence]:
    yield Sentence(f"✔ {event.image} is in ECR", "green")


@sentences.register
def _(event: image_events.BuildFailed) -> Iterator[Sentence]:
    yield Sentence(f"The last lines of the build of {event.image}:", "bold")
    yield from (Sentence(f"  {line}") for line in event.log or ("no log",))


@sentences.register
def _(event: image_events.ImagesResult) -> Iterator[Sentence]:
    done = f"{len(event.built)} built, " if event.built else ""
    yield Sentence(f"✔ {done}{len(event.images)} of {len(event.images)} images are in ECR.")
    yield from (Sentence(f"  {image.reference}", "dim") for image in event.images)


# --- Terraform at work


@sentences.register
def _(event: ResourceChanged) -> Iterator[Sentence]:
    doing, done = _DOING[event.action]
    match event.state:
        case ResourceState.STARTED:
            yield Sentence(f"{event.address}: {doing}", "dim")
        case ResourceState.RUNNING:
            yield Sentence(f"{event.address}: still {doing} ({event.seconds} s)", "dim")
        case ResourceState.FINISHED:
            yield Sentence(f"{event.address}: {done} ({event.seconds} s)")
        case ResourceState.FAILED:
            yield Sentence(f"{event.address}: failed ({event.seconds} s)", "red")


@sentences.register
def _(event: TerraformMessage) -> Iterator[Sentence]:
    where = f" ({event.address})" if event.address else ""
    style = _STYLES[event.severity]
    yield Sentence(f"{event.summary}{where}", style)
    if event.detail:
        yield Sentence(event.detail, style)


@sentences.register
def _(event: StackApplied) -> Iterator[Sentence]:
    counts = f"{event.added} added, {event.changed} changed, {event.removed} destroyed"
    yield Sentence(f"✔ {event.stack}: {counts}", "green")


# --- what is left


@sentences.register
def _(event: events.NotDeployed) -> Iterator[Sentence]:
    whose = f"fleet {event.fleet!r}" if event.fleet else f"worker {event.worker_name!r}"
    yield Sentence(f"Nothing is deployed: the {whose} has no stack in {event.bucket}.")


@sentences.register
def _(event: events.ToRemove) -> Iterator[Sentence]:
    return _leftovers("Will also be removed, because of --everything:", event.items)


@sentences.register
def _(event: events.Left) -> Iterator[Sentence]:
    return _leftovers("What is left, on purpose:", event.items)


def _leftovers(title: str, items: tuple[events.Leftover, ...]) -> Iterator[Sentence]:
    yield Sentence(title, "bold")
    for each in items:
        yield Sentence(f"  {each.what}: {each.cost}")
        yield Sentence(f"    remove: {each.remedy}", "dim")
    if not items:
        yield Sentence("  nothing")


@sentences.register
def _(event: events.BucketKept) -> Iterator[Sentence]:
    match event.reason:
        case events.KeptBecause.OTHERS_USE_IT:
            why = f"others use it: it holds {json.dumps(event.keys)}"
        case events.KeptBecause.IN_USE:
            why = "another run is deploying into it."
    yield Sentence(f"The bucket {event.bucket} was kept, because {why}", "yellow")


# --- the wait


@sentences.register
def _(event: events.WaitStarted) -> Iterator[Sentence]:
    goal = (
        f"the first submission of {event.instance_id}"
        if Step.SUBMITTED in event.steps
        else f"the containers of {event.instance_id} (whether a worker image of your own works, "
        "its logs alone show)"
    )
    yield Sentence("")
    yield Sentence(
        f"Waiting for {goal}. Ctrl-C loses nothing: the host goes on, and the same command watches "
        "on."
    )
    if event.embedded_aws:
        yield Sentence(
            "This is the embedded AWS, whose hosts boot in tests alone. --no-wait does not wait."
        )


@sentences.register
def _(event: fleet_events.FleetRestartPlanned) -> Iterator[Sentence]:
    count = len(event.workers)
    names = ", ".join(event.workers[:_MOST_NAMES])
    more = f" and {count - _MOST_NAMES} more" if count > _MOST_NAMES else ""
    yield Sentence(f"Workers of {event.fleet}: {names}{more}.")
    yield Sentence("Each task ends, then another one starts, and reads the secrets anew.")


@sentences.register
def _(event: fleet_events.FleetRestarted) -> Iterator[Sentence]:
    count = len(event.workers)
    yield Sentence("ECS replaces its task." if count == 1 else f"ECS replaces {count} tasks.")


@sentences.register
def _(event: fleet_events.FleetWaitStarted) -> Iterator[Sentence]:
    count = len(event.workers)
    yield Sentence("")
    yield Sentence(
        f"Waiting until ECS runs {count} worker{'s' * (count != 1)} of {event.fleet}. Ctrl-C loses "
        "nothing: ECS goes on, and the same command watches on."
    )


@sentences.register
def _(event: fleet_events.FleetProgress) -> Iterator[Sentence]:
    names = event.waiting[:_MOST_NAMES]
    more = f" and {len(event.waiting) - len(names)} more" if len(event.waiting) > len(names) else ""
    rest = f"; not yet: {', '.join(names)}{more}" if names else ""
    yield Sentence(f"{event.done} of {event.done + len(event.waiting)} workers are ready{rest}")


@sentences.register
def _(event: fleet_events.TaskStopped) -> Iterator[Sentence]:
    yield Sentence(f"! {event.worker}: {event.reason or event.stop_code}", "yellow")
    yield from (Sentence(f"  Missing; store it: {each}") for each in event.remedies)


@sentences.register
def _(event: events.RestartPlanned) -> Iterator[Sentence]:
    what = f"The host {event.instance_id}" if event.reboot else "Worker and model"
    yield Sentence(f"What changes for the worker {event.worker_name}:", "bold")
    yield Sentence(f"  {what} will restart, and read the secrets again.")
    yield Sentence("  Nothing is submitted meanwhile, for a minute or two. Everything else stays.")


@sentences.register
def _(_event: events.Restarted) -> Iterator[Sentence]:
    yield Sentence("Restarted. Waiting until the worker is ready; Ctrl-C loses nothing.")


@sentences.register
def _(_event: events.ConsoleRead) -> Iterator[Sentence]:
    yield Sentence(
        "! The host has sent nothing to CloudWatch. Its console is read instead, which EC2 shows "
        "minutes late."
    )


@sentences.register
def _(event: events.AwsRefused) -> Iterator[Sentence]:
    yield Sentence(f"! {event.message} The wait goes on.")


# --- the end


@sentences.register
def _(event: events.WorkerResult) -> Iterator[Sentence]:
    host = f"{event.instance_id} ({event.public_ip})"
    if event.ready is None:
        state = f"{host} is deployed."
    elif event.ready.healthy:
        state = f"The worker works: {host} has submitted."
    else:
        state = f"Worker and model run on {host}; whether they work, their logs alone show."
    yield Sentence(f"✔ {state} Next: allora status")
    if event.ready and event.ready.explorer_url:
        yield Sentence(f"  Account    {event.ready.explorer_url}")
    yield Sentence(f"  Dashboard  {event.dashboard_url}")


@sentences.register
def _(event: fleet_events.FleetResult) -> Iterator[Sentence]:
    states = list(event.workers.values())
    counts = [f"{count} {state}" for state in WorkerState if (count := states.count(state))]
    host = f" The single host: {event.instance_id}." if event.instance_id else ""
    yield Sentence(f"✔ {event.fleet}: {', '.join(counts)}.{host} Next: allora status")


@sentences.register
def _(event: events.RestartResult) -> Iterator[Sentence]:
    # Of a worker image that is not ours, nothing more can be known.
    is_ready = event.ready is not None and event.ready.healthy
    state = "The worker is ready again" if is_ready else "Worker and model run again"
    yield Sentence(f"✔ {state} on {event.instance_id}. Next: allora status")


@sentences.register
def _(event: events.DestroyResult) -> Iterator[Sentence]:
    what = f"fleet {event.fleet}" if event.fleet else f"worker {event.worker_name}"
    done = f"✔ The {what} is destroyed. " if event.destroyed else ""
    yield Sentence(f"{done}To deploy it again: allora deploy")
