"""Derive from its events how far a host has come on the way to the first submission.

Pure: it takes events and status documents, in any order of their kinds, and knows which steps are
done, what is under way, and what is in the way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from allora_cli.host.log_events import Line
from allora_cli.host.protocol import HostEvent, WorkerEvent, host_event, worker_event
from allora_cli.host.status_report import Container, HostStatus, Worker
from containers.worker.allora_worker.event_names import Event, ModelState, TopicState
from shared import host_events
from shared.host_events import State


class Step(StrEnum):
    """What has to happen, in this order as a rule; the value is what people read."""

    INSTANCE = "EC2 starts the instance"
    HOST = "The host installs what it needs"
    CONTAINERS = "The host starts worker and model"
    MODEL = "The model gives an inference"
    REGISTERED = "The wallet is registered in the topic"
    SUBMITTED = "The chain accepts the first submission"


ALL: Final = tuple(Step)

AFTER_RESTART: Final = (Step.CONTAINERS, Step.REGISTERED)
"""What `allora restart` waits for."""

UNTIL_CONTAINERS: Final = (Step.INSTANCE, Step.HOST, Step.CONTAINERS)
"""All that can be known of a worker image of the operator's."""


class Source(StrEnum):
    """Component that an obstacle belongs to; each has one obstacle at a time."""

    HOST = "host"
    WORKER = "worker"
    MODEL = "model"
    CHAIN = "chain"
    WALLET = "wallet"
    WINDOW = "window"


@dataclass(frozen=True)
class Obstacle:
    """Something that is in the way.

    Attributes:
        source: the component that it belongs to.
        code: what it is: a host's code, or the name of a worker's event.
        text: the same in the words of host or worker, with the remedy.
        at: since when.
        needs_operator: whether only the operator can remove it. Host and worker try everything else
            again by themselves.
        is_final: whether the host does not try it again before it restarts.
    """

    source: Source
    code: str
    text: str
    at: datetime
    needs_operator: bool
    is_final: bool = False

    @property
    def kind(self) -> tuple[Source, str, bool]:
        """What two reports of the same obstacle have in common."""
        return self.source, self.code, self.needs_operator


@dataclass(frozen=True)
class Effect:
    """What an event of the worker means.

    Attributes:
        done: the step that is done.
        clears: the sources whose obstacle is gone.
        obstructs: the source that has an obstacle from now on.
        needs_operator: whether only the operator can remove that.
        is_well: whether the worker does well; None if the event does not say.
    """

    done: Step | None = None
    clears: frozenset[Source] = frozenset()
    obstructs: Source | None = None
    needs_operator: bool = False
    is_well: bool | None = None


_WORKERS: Final = frozenset(Source) - {Source.HOST}

_EFFECTS: Final[Mapping[str, Effect]] = {
    Event.STARTING: Effect(done=Step.CONTAINERS, clears=_WORKERS, is_well=False),
    Event.READY: Effect(done=Step.REGISTERED, clears=frozenset({Source.WORKER, Source.CHAIN})),
    Event.SUBMITTED: Effect(done=Step.SUBMITTED, clears=_WORKERS, is_well=True),
    Event.ALREADY_SUBMITTED: Effect(clears=frozenset({Source.WINDOW})),
    Event.WINDOW_LOST: Effect(obstructs=Source.WINDOW),
    Event.MODEL_WORKS: Effect(done=Step.MODEL, clears=frozenset({Source.MODEL})),
    Event.MODEL_FAILED: Effect(obstructs=Source.MODEL),
    Event.CHAIN_AVAILABLE: Effect(clears=frozenset({Source.CHAIN})),
    Event.CHAIN_UNAVAILABLE: Effect(obstructs=Source.CHAIN),
    Event.BALANCE_RESTORED: Effect(clears=frozenset({Source.WALLET})),
    Event.BALANCE_LOW: Effect(obstructs=Source.WALLET),
    Event.FEE_REFUSED: Effect(obstructs=Source.WORKER),
    Event.REFUSED: Effect(obstructs=Source.WORKER, needs_operator=True),
    Event.GAVE_UP: Effect(obstructs=Source.WORKER, needs_operator=True, is_well=False),
    Event.CRASHED: Effect(obstructs=Source.WORKER, is_well=False),
    Event.HUNG: Effect(obstructs=Source.WORKER),
    Event.STOPPING: Effect(is_well=False),
}
"""Other events mean nothing but activity."""

_RESTARTED: Final = (Step.MODEL, Step.REGISTERED, Step.SUBMITTED)
"""What a worker that starts has to do again."""

_REGISTERED: Final = {TopicState.WAITING, TopicState.WORKING, TopicState.FAILING}
"""States of a topic in which the wallet is registered."""

_KEPT_LINES: Final = 400
_REMEMBERED_WINDOWS: Final = 2


class Progress:
    """Progress of one instance.

    Args:
        since: the instance's launch, or a restart; older events are ignored.
        steps: what has to happen.

    Attributes:
        done: when each step was done, as far as it is.
        activities: what host and worker have reported that they do, with the time.
        obstacles: what is in the way.
        address: the worker's, when it is known.
        seen_at: when the host has reported last; None: never.
        judged_at: the time of the newest report on how the worker does; None: there was none.
        boot_lines: the last lines of the boot log that are events.
        worker_lines: the last lines of the worker's log that are events, without metrics.
    """

    def __init__(self, since: datetime, steps: tuple[Step, ...] = ALL) -> None:
        self.since = since
        self.steps = steps
        self.done: dict[Step, datetime] = {}
        self.activities: list[tuple[datetime, str]] = []
        self.obstacles: dict[Source, Obstacle] = {}
        self.address: str | None = None
        self.seen_at: datetime | None = None
        self.judged_at: datetime | None = None
        self.boot_lines: deque[Line] = deque(maxlen=_KEPT_LINES)
        self.worker_lines: deque[Line] = deque(maxlen=_KEPT_LINES)
        # What was there before a restart may go on for a while, and does not count.
        self._has_started = Step.INSTANCE in steps
        self._seen_late: set[Step] = set()
        self._is_well = False
        self._met_at: dict[tuple[Source, str, bool], datetime] = {}
        self._windows: dict[int, deque[tuple[int, datetime]]] = {}

    # --- what comes in

    def see_running(self, at: datetime) -> None:
        """Take note that the instance runs."""
        self._do(Step.INSTANCE, at)

    def see_boot(self, line: Line) -> None:
        """Take in a line of the boot log."""
        event = host_event(line)
        if event is None or event.at < self.since:
            return
        self._hear(event.at)
        self.boot_lines.append(line)
        if event.is_obstacle:
            self._see_obstacle(_obstacle_of(event))
            return
        self.obstacles.pop(Source.HOST, None)
        self.activities.append((event.at, event.sentence))
        if event.is_up:
            self._do(Step.CONTAINERS, event.at)
        elif event.event == host_events.Event.DOCKER and event.state is State.DONE:
            self._do(Step.HOST, event.at)
        elif event.step or event.event == host_events.Event.BOOTSTRAP:
            self._do(Step.INSTANCE, event.at)

    def see_worker(self, line: Line) -> None:
        """Take in a line of the worker's log."""
        event = worker_event(line)
        if event is None or event.at < self.since or event.event == Event.METRIC:
            return
        self._hear(event.at)
        self._has_started = self._has_started or event.event == Event.STARTING
        if self._has_started:
            self.worker_lines.append(line)
            self._take(event, _EFFECTS.get(event.event, Effect()))

    def see_status(self, status: HostStatus) -> None:
        """Take in a status of the host."""
        if status.at < self.since:
            return
        self._hear(status.at)
        container = status.container("worker")
        if not self._is_of_this_start(container):
            return
        self._has_started = True
        if container.state == "running" and status.container("model").state == "running":
            self._do(Step.CONTAINERS, container.started_at or status.at)
        if status.worker:
            self._see_worker_status(status.worker, status.at)
        elif self._is_news(status.at):
            self._judge(status.at, is_well=False)

    # --- what came of it

    @property
    def is_complete(self) -> bool:
        """Whether the last step is done, and the newest report says that the worker is well."""
        return self.steps[-1] in self.done and (self._is_well or Step.SUBMITTED not in self.steps)

    @property
    def activity(self) -> str:
        """The latest activity, or ""."""
        return self.activities[-1][1] if self.activities else ""

    @property
    def current(self) -> Step | None:
        """The first step that is not done, or None."""
        return next((step for step in self.steps if step not in self.done), None)

    @property
    def for_operator(self) -> Obstacle | None:
        """An obstacle that only the operator can remove, or None."""
        return next((found for found in self.obstacles.values() if found.needs_operator), None)

    @property
    def waits_for_window(self) -> bool:
        """Whether everything is done but the submission."""
        return self.current is Step.SUBMITTED and not (
            self.obstacles.keys() - {Source.WALLET, Source.WINDOW}
        )

    def next_window(self) -> datetime | None:
        """Return when a window opens next, or None before two windows of a topic were seen."""
        return min(
            (last + (last - first) for (_, first), (_, last) in self._complete_windows()),
            default=None,
        )

    def seconds(self, step: Step) -> float | None:
        """Return how long a step took since the step before it.

        None if it is not done, or if nobody saw when it was.
        """
        at = self.done.get(step)
        if at is None or step in self._seen_late:
            return None
        earlier = [other for other in self.done.values() if other < at]
        return (at - max(earlier, default=min(self.since, at))).total_seconds()

    # --- how it is understood

    def _take(self, event: WorkerEvent, effect: Effect) -> None:
        if event.event == Event.STARTING:
            for step in _RESTARTED:
                self.done.pop(step, None)
        elif event.event == Event.WINDOW:
            self._see_window(event)
        self.address = event.address or self.address
        for source in effect.clears:
            self.obstacles.pop(source, None)
        if effect.done:
            self._do(effect.done, event.at)
        if effect.is_well is not None:
            self._judge(event.at, is_well=effect.is_well)
        text = event.message or event.event
        if effect.obstructs:
            source, needs_operator = effect.obstructs, effect.needs_operator
            self._see_obstacle(Obstacle(source, event.event, text, event.at, needs_operator))
        else:
            self.activities.append((event.at, text))

    def _see_obstacle(self, obstacle: Obstacle) -> None:
        # One that was out of the way for a try, and is back, is there since it came first.
        at = self._met_at.setdefault(obstacle.kind, obstacle.at)
        self.obstacles[obstacle.source] = replace(obstacle, at=at)

    def _see_window(self, event: WorkerEvent) -> None:
        if event.topic is None or event.nonce is None:
            return
        windows = self._windows.setdefault(event.topic, deque(maxlen=_REMEMBERED_WINDOWS))
        if event.nonce not in [known for known, _ in windows]:
            windows.append((event.nonce, event.at))

    def _complete_windows(self) -> list[deque[tuple[int, datetime]]]:
        return [each for each in self._windows.values() if len(each) == _REMEMBERED_WINDOWS]

    def _is_of_this_start(self, container: Container) -> bool:
        """Return whether the worker was started after the restart that is waited for."""
        if container.started_at is None:
            return self._has_started
        return container.started_at >= self.since

    def _see_worker_status(self, worker: Worker, at: datetime) -> None:
        if not self._is_news(at):
            return
        self.address = worker.address or self.address
        if worker.model.state == ModelState.OK:
            self._see_done(Step.MODEL, at)
        if any(topic.state in _REGISTERED for topic in worker.topics):
            self._see_done(Step.REGISTERED, at)
        if submissions := [t.last_submission.at for t in worker.topics if t.last_submission]:
            self._do(Step.SUBMITTED, max(*submissions, self.since))
        if worker.is_healthy:
            for source in (Source.WORKER, Source.CHAIN, Source.WINDOW):
                self.obstacles.pop(source, None)
        elif all(topic.state == TopicState.REFUSED for topic in worker.topics) and worker.reason:
            self._see_obstacle(
                Obstacle(Source.WORKER, Event.REFUSED, worker.reason, at, needs_operator=True)
            )
        self._judge(at, is_well=worker.is_healthy)

    def _is_news(self, at: datetime) -> bool:
        return self.judged_at is None or at >= self.judged_at

    def _judge(self, at: datetime, *, is_well: bool) -> None:
        if self._is_news(at):
            self.judged_at, self._is_well = at, is_well

    def _hear(self, at: datetime) -> None:
        self.seen_at = max(at, self.seen_at or at)

    def _do(self, step: Step, at: datetime) -> None:
        """Note that a step is done at this moment, and with it all steps that it needs."""
        for earlier in _NEEDED_FOR[step]:
            self._see_done(earlier, at)
        if step in self._seen_late:
            self._seen_late.remove(step)
            self.done[step] = at
        self.done.setdefault(step, at)

    def _see_done(self, step: Step, at: datetime) -> None:
        """Note that a step is done by now, and with it all steps that it needs."""
        for each in (*_NEEDED_FOR[step], step):
            if each not in self.done:
                self._seen_late.add(each)
                self.done[each] = at


def _obstacle_of(event: HostEvent) -> Obstacle:
    return Obstacle(
        Source.HOST,
        event.code or event.event,
        event.text,
        event.at,
        event.needs_operator,
        is_final=event.state is State.FAILED,
    )


_NEEDED_FOR: Final[Mapping[Step, tuple[Step, ...]]] = {
    Step.INSTANCE: (),
    Step.HOST: (Step.INSTANCE,),
    Step.CONTAINERS: (Step.INSTANCE, Step.HOST),
    # Registered or not: it is asked as soon as the worker runs.
    Step.MODEL: (Step.INSTANCE, Step.HOST, Step.CONTAINERS),
    Step.REGISTERED: (Step.INSTANCE, Step.HOST, Step.CONTAINERS),
    Step.SUBMITTED: (Step.INSTANCE, Step.HOST, Step.CONTAINERS, Step.MODEL, Step.REGISTERED),
}

IS_FRESH: Final = timedelta(minutes=5)
"""How old the newest report may be: a host reports each minute, clocks differ."""
