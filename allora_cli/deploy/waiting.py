"""Wait until a worker works, or say why it does not."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from allora_cli.aws.instances import find_instance
from allora_cli.aws.queries import PATIENCE, Unknown, asked
from allora_cli.context import Context
from allora_cli.deploy.events import AwsRefused, ConsoleRead, LogExcerpt, Ready
from allora_cli.deploy.news import News
from allora_cli.deploy.poller import HostFeed
from allora_cli.deploy.progress import ALL, IS_FRESH, Obstacle, Progress, Source, Step
from allora_cli.errors import ErrorCode, ExitCode, OperatorError
from allora_cli.events import Event, Workflow
from allora_cli.host.log_events import Line
from allora_cli.host.log_format import is_for_machines
from allora_cli.host.parts import Part
from allora_cli.host.protocol import host_event
from allora_cli.terminal.interrupts import CtrlC
from allora_cli.terminal.text import duration, moment
from shared.networks import NETWORKS

_LINES_OF_EACH: Final = 5
_BAD_LEVELS: Final = {"warning", "error", "critical"}
_GO_ON: Final = "To go on watching, run the same command again."


@dataclass(frozen=True)
class WaitPolicy:
    """How long to wait for what.

    Attributes:
        timeout: for all of it.
        poll: between two looks, in seconds.
        grace: how long something that only the operator can cure may be in the way, for an operator
            who is just curing it.
        silence: how long a running host may say nothing before its console is read.
    """

    timeout: timedelta
    poll: float = 4.0
    grace: timedelta = timedelta(minutes=5)
    silence: timedelta = timedelta(minutes=4)

    @classmethod
    def of(cls, minutes: float, pace: float = 1.0) -> WaitPolicy:
        """Of a timeout in minutes; a pace below 1 is for tests that cannot wait for minutes."""
        usual = cls(timedelta(minutes=minutes))
        return cls(usual.timeout, usual.poll * pace, usual.grace * pace, usual.silence * pace)


class Wait:
    """Waits for one instance.

    Args:
        context: whose worker.
        instance_id: the instance.
        policy: how long to wait.
        steps: what has to happen.
        since: older events do not count; by default those before the instance's launch.
    """

    def __init__(
        self,
        context: Context,
        instance_id: str,
        policy: WaitPolicy,
        *,
        steps: tuple[Step, ...] = ALL,
        since: datetime | None = None,
    ) -> None:
        self._instance_id = instance_id
        self._option = context.option
        self._network = NETWORKS[context.settings.allora_network]
        self._policy = policy
        self.progress = Progress(since or _launched_at(context, instance_id), steps)
        self._feed = HostFeed(context, instance_id, self.progress, policy.silence)
        self._news = News(self.progress, datetime.now(UTC))
        self._met: dict[tuple[Source, str, bool], float] = {}
        self._yielded: set[Event] = set()

    def run(self) -> Workflow[Ready]:
        """Wait.

        Raises:
            OperatorError: it takes too long, or needs the operator; or AWS refuses.
        """
        until = time.monotonic() + self._policy.timeout.total_seconds()
        with CtrlC() as ctrl_c:
            while True:
                ctrl_c.check()
                yield from self._look()
                if self._is_over:
                    return self._result()
                error = self._give_up(time.monotonic() >= until)
                if error:
                    break
                time.sleep(self._policy.poll)
        yield from self._excerpts()
        raise error

    def _look(self) -> Iterator[Event]:
        answer = asked(self._feed.poll)
        if isinstance(answer, Unknown):
            if not answer.is_passing:
                raise OperatorError(answer.error.code, f"{answer.error} {_GO_ON}")
            yield from self._once(AwsRefused(answer.error.code, str(answer.error)))
        elif self._feed.reads_console:
            yield from self._once(ConsoleRead())
        yield from self._news.take()

    def _once(self, event: Event) -> Iterator[Event]:
        if event not in self._yielded:
            self._yielded.add(event)
            yield event

    @property
    def _is_over(self) -> bool:
        progress = self.progress
        if not progress.is_complete:
            return False
        if Step.SUBMITTED not in progress.steps:
            return True
        return progress.judged_at is not None and datetime.now(UTC) - progress.judged_at < IS_FRESH

    def _result(self) -> Ready:
        address = self.progress.address
        seconds = {step.name.lower(): self.progress.seconds(step) for step in self.progress.steps}
        return Ready(
            healthy=True if Step.REGISTERED in self.progress.steps else None,
            address=address,
            explorer_url=self._network.account_url(address) if address else None,
            seconds={
                name: None if taken is None else round(taken, 1) for name, taken in seconds.items()
            },
        )

    def _give_up(self, is_late: bool) -> OperatorError | None:  # noqa: FBT001
        obstacle = self.progress.for_operator
        now = time.monotonic()
        for each in self.progress.obstacles.values():
            self._met.setdefault(each.kind, now)
        if obstacle and now - self._met[obstacle.kind] >= self._policy.grace.total_seconds():
            return self._needs_operator(obstacle)
        return self._not_in_time() if is_late else None

    def _needs_operator(self, obstacle: Obstacle) -> OperatorError:
        again = (
            f"Then restart it: allora restart --reboot{self._option}"
            if obstacle.is_final
            else "The host tries again by itself"
        )
        return OperatorError(
            ErrorCode.NEEDS_YOU,
            f"The {obstacle.source} needs you: {_ended(obstacle.text)} {again}. {_GO_ON}",
            exit_code=ExitCode.UNHEALTHY,
        )

    def _not_in_time(self) -> OperatorError:
        waited = duration(self._policy.timeout)
        progress = self.progress
        if progress.waits_for_window:
            at = progress.next_window()
            when = f"; the next one is expected at about {moment(at)}" if at else ""
            sentence = (
                f"The deployment works so far: after {waited}, only a submission is missing. The "
                "topic has to open a window first, which may take an hour or a day"
                f"{when}. The worker does the rest by itself. Look later: "
                f"allora status{self._option}. {_GO_ON}"
            )
        else:
            step = progress.current
            missing = f"this is not done: {step}" if step else "the worker is not healthy"
            latest = self._latest()
            sentence = (
                f"After {waited}, {missing}.{latest} What was deployed goes on by itself. Look at "
                f"allora logs boot{self._option}, allora doctor, or at the host: "
                f"allora connect. {_GO_ON}"
            )
        return OperatorError(ErrorCode.NOT_IN_TIME, sentence, exit_code=ExitCode.TIMEOUT)

    def _latest(self) -> str:
        if obstacle := next(iter(self.progress.obstacles.values()), None):
            return f" In the way: {_ended(obstacle.text)}"
        if self.progress.seen_at is None:
            return f" The host {self._instance_id} has reported nothing."
        return f" The latest: {self.progress.activity}." if self.progress.activity else ""

    def _excerpts(self) -> Iterator[Event]:
        model = asked(self._feed.model_lines)
        parts = {
            Part.BOOT: list(self.progress.boot_lines),
            Part.WORKER: list(self.progress.worker_lines),
            Part.MODEL: [] if isinstance(model, Unknown) else model,
        }
        for part, lines in parts.items():
            if chosen := significant(part, lines):
                yield LogExcerpt(part, tuple(chosen))


def significant(part: Part, lines: Sequence[Line]) -> list[Line]:
    """Return the few lines of a log that matter: errors and warnings, or the last ones."""
    relevant = [line for line in lines if not is_for_machines(line)]
    bad = list(_distinct(line for line in relevant if _is_bad(part, line)))
    return (bad or relevant)[-_LINES_OF_EACH:]


def _is_bad(part: Part, line: Line) -> bool:
    if part is Part.BOOT:
        event = host_event(line)
        return event is not None and event.is_obstacle
    return line.fields.get("level") in _BAD_LEVELS


def _distinct(lines: Iterable[Line]) -> Iterable[Line]:
    """Yield the last of lines that say the same."""
    latest: dict[str, Line] = {}
    for line in lines:
        text = str(line.fields.get("message", line.text))
        latest.pop(text, None)
        latest[text] = line
    return latest.values()


def _ended(sentence: str) -> str:
    """Return a sentence with its full stop."""
    return sentence if sentence.endswith((".", "!", "?", "…")) else f"{sentence}."


def _launched_at(context: Context, instance_id: str) -> datetime:
    """Return when an instance was launched; long ago if EC2 does not answer."""
    ec2 = context.session.client("ec2", config=PATIENCE)
    found = asked(lambda: find_instance(ec2, instance_id))
    if found is None or isinstance(found, Unknown):
        return datetime.fromtimestamp(0, UTC)
    return found["LaunchTime"]
