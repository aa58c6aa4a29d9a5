"""How far a host has come on its way to the first submission, by what it tells of itself.

Pure: it takes lines of the logs and status documents in, in any order of their kinds, and knows
which steps are done, what is under way, and what is in the way.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from allora_cli.host.log_events import FOR_PEOPLE, Line
from allora_cli.host.status_report import Container, HostStatus, Worker
from allora_cli.terminal.text import clean


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
"""All that can be known of a worker that is not ours."""


class Source(StrEnum):
    """Whose trouble it is; each has one at a time."""

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
        source: whose it is.
        text: what it is, in the words of host or worker, which have the remedy.
        at: since when.
        needs_operator: whether nothing but the operator can remove it. The host and the worker try
            everything again by themselves.
    """

    source: Source
    text: str
    at: datetime
    needs_operator: bool


_FAILED: Final = f"{FOR_PEOPLE}failed: "
_STEP: Final = re.compile(r"\[(?P<number>\d+)/(?P<count>\d+)\] (?P<name>.*?)(?P<done>: done)?$")
_RUNNING: Final = f"{FOR_PEOPLE}worker and model are running"

# Of the host's failures those that trying again does not help against: they name a setting or a
# secret. A failure before the last step of the installation is not tried again before a reboot.
_FOR_OPERATOR: Final = re.compile(
    r"Secrets are missing|does not stay up|is not what was deployed"
    r"|\b(?:MODEL|ALLORA|AWS|EDGE)_[A-Z][A-Z_]*\b"
)

_OBSTACLES: Final[Mapping[str, tuple[Source, bool]]] = {
    "refused": (Source.WORKER, True),
    "gave_up": (Source.WORKER, True),
    "fee_refused": (Source.WORKER, False),
    "crashed": (Source.WORKER, False),
    "hung": (Source.WORKER, False),
    "model_failed": (Source.MODEL, False),
    "chain_unavailable": (Source.CHAIN, False),
    "balance_low": (Source.WALLET, False),
    "window_lost": (Source.WINDOW, False),
}
"""Events that tell of something in the way, and whether only the operator can help."""

_REMOVES: Final[Mapping[str, frozenset[Source]]] = {
    "starting": frozenset(set(Source) - {Source.HOST}),
    "ready": frozenset({Source.WORKER, Source.CHAIN}),
    "chain_available": frozenset({Source.CHAIN}),
    "balance_restored": frozenset({Source.WALLET}),
    "model_works": frozenset({Source.MODEL}),
    "already_submitted": frozenset({Source.WINDOW}),
    "submitted": frozenset(set(Source) - {Source.HOST}),
}
"""Events of the worker that tell that something is out of the way."""

_REGISTERED: Final = {"waiting", "working", "failing"}
"""States of a topic in which the wallet is registered."""

_KEPT_LINES: Final = 400
_REMEMBERED_WINDOWS: Final = 2


class Progress:
    """What is known of one instance.

    Args:
        since: what is older is of no interest: the instance's launch, or a restart.
        steps: what has to happen.

    Attributes:
        done: when each step was done, as far as it is.
        activities: what host and worker have told about what they do, with the time.
        obstacles: what is in the way.
        address: the worker's, when it is known.
        seen_at: when the host has told something last; None: never.
        boot_lines: the last ones of the boot log that are for people.
        worker_lines: the last ones of the worker's log, without metrics.
    """

    def __init__(self, since: datetime, steps: tuple[Step, ...] = ALL) -> None:
        self.since = since
        self.steps = steps
        self.done: dict[Step, datetime] = {}
        self.activities: list[tuple[datetime, str]] = []
        self.obstacles: dict[Source, Obstacle] = {}
        self.address: str | None = None
        self.seen_at: datetime | None = None
        self.boot_lines: deque[Line] = deque(maxlen=_KEPT_LINES)
        self.worker_lines: deque[Line] = deque(maxlen=_KEPT_LINES)
        # What was there before a restart may go on for a while, and does not count.
        self._has_started = Step.INSTANCE in steps
        self._judged_at: datetime | None = None
        self._is_well = False
        self._met: dict[tuple[Source, str], Obstacle] = {}
        self._windows: dict[int, deque[tuple[int, datetime]]] = {}

    # --- what comes in

    def see_running(self, at: datetime) -> None:
        """EC2 says that the instance runs."""
        self._do(Step.INSTANCE, at)

    def see_boot(self, line: Line) -> None:
        """A line of the boot log."""
        text = clean(line.text).rstrip()
        if not text.startswith(FOR_PEOPLE) or line.at < self.since:
            return
        self._hear(line.at)
        self.boot_lines.append(line)
        if text.startswith(_FAILED):
            self._see_failure(text.removeprefix(_FAILED), line.at)
            return
        self.obstacles.pop(Source.HOST, None)
        self.activities.append((line.at, text.removeprefix(FOR_PEOPLE)))
        if text.startswith((_RUNNING, f"{FOR_PEOPLE}ready")):
            self._do(Step.CONTAINERS, line.at)
        elif step := _STEP.match(self.activity):
            self._see_install_step(step, line.at)

    def see_worker(self, line: Line) -> None:
        """A line of the worker's log."""
        fields = line.fields
        event = fields.get("event")
        if line.at < self.since or not isinstance(event, str) or event == "metric":
            return
        self._hear(line.at)
        self._has_started = self._has_started or event == "starting"
        if not self._has_started:
            return
        self.worker_lines.append(line)
        message = clean(str(fields.get("message", event)))
        if event in _OBSTACLES:
            source, needs_operator = _OBSTACLES[event]
            self._see_obstacle(Obstacle(source, message, line.at, needs_operator))
        for source in _REMOVES.get(event, ()):
            self.obstacles.pop(source, None)
        self._see_event(event, fields, line.at)
        if event not in _OBSTACLES:
            self.activities.append((line.at, message))

    def see_status(self, status: HostStatus) -> None:
        """A status document of the host."""
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
        """Whether the last step is done, and nothing newer says that the worker is not well."""
        return self.steps[-1] in self.done and (self._is_well or Step.SUBMITTED not in self.steps)

    @property
    def activity(self) -> str:
        """What was told last about what is done; empty when nothing was."""
        return self.activities[-1][1] if self.activities else ""

    @property
    def judged_at(self) -> datetime | None:
        """Of when the newest word is on how the worker does."""
        return self._judged_at

    @property
    def current(self) -> Step | None:
        """The first step that is not done; None when all are."""
        return next((step for step in self.steps if step not in self.done), None)

    @property
    def for_operator(self) -> Obstacle | None:
        """What nobody but the operator can remove."""
        return next((found for found in self.obstacles.values() if found.needs_operator), None)

    @property
    def waits_for_window(self) -> bool:
        """Whether everything is done but the submission."""
        return self.current is Step.SUBMITTED and not (
            self.obstacles.keys() - {Source.WALLET, Source.WINDOW}
        )

    def next_window(self) -> datetime | None:
        """When a window opens next; None unless two of a topic were seen, which tells the epoch."""
        return min(
            (last + (last - first) for (_, first), (_, last) in self._complete_windows()),
            default=None,
        )

    def seconds(self, step: Step) -> float | None:
        """How long a step took: since the one that was done before it; None when it is not done."""
        at = self.done.get(step)
        if at is None:
            return None
        earlier = [other for other in self.done.values() if other < at]
        return (at - max(earlier, default=min(self.since, at))).total_seconds()

    # --- how it is understood

    def _see_install_step(self, step: re.Match[str], at: datetime) -> None:
        self._do(Step.INSTANCE, at)
        number, count = int(step["number"]), int(step["count"])
        if step["done"] and number >= count - 1:
            self._do(Step.HOST, at)
        if step["done"] and number == count:
            self._do(Step.CONTAINERS, at)

    def _see_failure(self, text: str, at: datetime) -> None:
        step = _STEP.match(text)
        is_final = bool(step) and int(step["number"]) < int(step["count"]) if step else False
        needs_operator = is_final or bool(_FOR_OPERATOR.search(text))
        self._see_obstacle(Obstacle(Source.HOST, text, at, needs_operator))

    def _see_obstacle(self, obstacle: Obstacle) -> None:
        before = self.obstacles.get(obstacle.source)
        if before and (before.text in obstacle.text or obstacle.text in before.text):
            return  # the same once more
        # One that was out of the way for a try, and is back, is there since it came first.
        key = obstacle.source, re.sub(r"\d+", "#", obstacle.text)
        self.obstacles[obstacle.source] = self._met.setdefault(key, obstacle)

    def _see_event(self, event: str, fields: Mapping[str, Any], at: datetime) -> None:
        if event == "starting":
            for step in (Step.MODEL, Step.REGISTERED, Step.SUBMITTED):
                self.done.pop(step, None)
            address = fields.get("address")
            self.address = address if isinstance(address, str) else self.address
            self._do(Step.CONTAINERS, at)
            self._judge(at, is_well=False)
        elif event == "model_works":
            self._do(Step.MODEL, at)
        elif event == "ready":
            self._do(Step.REGISTERED, at)
        elif event == "window":
            self._see_window(fields, at)
        elif event == "submitted":
            self._do(Step.SUBMITTED, at)
            self._judge(at, is_well=True)
        elif event in {"gave_up", "crashed", "stopping"}:
            self._judge(at, is_well=False)

    def _see_window(self, fields: Mapping[str, Any], at: datetime) -> None:
        topic, nonce = fields.get("topic"), fields.get("nonce")
        if not isinstance(topic, int) or not isinstance(nonce, int):
            return
        windows = self._windows.setdefault(topic, deque(maxlen=_REMEMBERED_WINDOWS))
        if nonce not in [known for known, _ in windows]:
            windows.append((nonce, at))

    def _complete_windows(self) -> list[deque[tuple[int, datetime]]]:
        return [each for each in self._windows.values() if len(each) == _REMEMBERED_WINDOWS]

    def _is_of_this_start(self, container: Container) -> bool:
        """A worker from before the restart that is waited for is of no interest."""
        if container.started_at is None:
            return self._has_started
        return container.started_at >= self.since

    def _see_worker_status(self, worker: Worker, at: datetime) -> None:
        if not self._is_news(at):
            return
        self.address = worker.address or self.address
        if worker.model.state == "ok":
            self._do(Step.MODEL, at)
        if any(topic.state in _REGISTERED for topic in worker.topics):
            self._do(Step.REGISTERED, at)
        if submissions := [t.last_submission.at for t in worker.topics if t.last_submission]:
            self._do(Step.SUBMITTED, max(*submissions, self.since))
        if worker.is_healthy:
            for source in (Source.WORKER, Source.CHAIN, Source.WINDOW):
                self.obstacles.pop(source, None)
        elif all(topic.state == "refused" for topic in worker.topics) and worker.reason:
            self._see_obstacle(Obstacle(Source.WORKER, worker.reason, at, needs_operator=True))
        self._judge(at, is_well=worker.is_healthy)

    def _is_news(self, at: datetime) -> bool:
        return self._judged_at is None or at >= self._judged_at

    def _judge(self, at: datetime, *, is_well: bool) -> None:
        if self._is_news(at):
            self._judged_at, self._is_well = at, is_well

    def _hear(self, at: datetime) -> None:
        self.seen_at = max(at, self.seen_at or at)

    def _do(self, step: Step, at: datetime) -> None:
        """Takes note that a step is done, and with it all without which it could not be."""
        for earlier in _NEEDED_FOR[step]:
            self.done.setdefault(earlier, at)
        self.done.setdefault(step, at)


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
"""How old the newest word on the worker may be: a host reports each minute, clocks differ."""
