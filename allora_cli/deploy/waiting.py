"""Waits until a worker works, and says why when it does not."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from allora_cli.aws.queries import PATIENCE, Unknown, asked
from allora_cli.context import Office
from allora_cli.deploy.checklist import Checklist
from allora_cli.deploy.poller import HostFeed
from allora_cli.deploy.progress import ALL, IS_FRESH, Obstacle, Progress, Source, Step
from allora_cli.errors import ExitCode, OperatorError, Trouble
from allora_cli.host.log_events import Line
from allora_cli.host.log_format import Part, is_metric, text_of
from allora_cli.host.protocol import host_event
from allora_cli.terminal import console
from allora_cli.terminal.interrupts import CtrlC
from allora_cli.terminal.text import duration, moment

_LINES_OF_EACH: Final = 5
_BAD_LEVELS: Final = {"warning", "error", "critical"}
_GO_ON: Final = "To go on watching, run the same command again."


@dataclass(frozen=True)
class Patience:
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
    def of(cls, minutes: float, pace: float = 1.0) -> Patience:
        """Of a timeout in minutes; a pace below 1 is for tests that cannot wait for minutes."""
        usual = cls(timedelta(minutes=minutes))
        return cls(usual.timeout, usual.poll * pace, usual.grace * pace, usual.silence * pace)


class Wait:
    """Waits for one instance.

    Args:
        office: whose worker.
        instance_id: the instance.
        patience: how long to wait.
        steps: what has to happen.
        since: what is older does not count; by default what is older than the instance's launch.
    """

    def __init__(
        self,
        office: Office,
        instance_id: str,
        patience: Patience,
        *,
        steps: tuple[Step, ...] = ALL,
        since: datetime | None = None,
    ) -> None:
        self._instance_id = instance_id
        self._patience = patience
        self._began = datetime.now(UTC)
        self.progress = Progress(since or _launched_at(office, instance_id), steps)
        self._feed = HostFeed(office, instance_id, self.progress, patience.silence)
        self._met: dict[tuple[Source, str, bool], float] = {}

    def run(self) -> dict[str, Any]:
        """Waits.

        Returns:
            what came of it, for scripts.

        Raises:
            OperatorError: it takes too long, or needs the operator; or AWS refuses.
        """
        until = time.monotonic() + self._patience.timeout.total_seconds()
        with Checklist(self.progress, console.err, self._began) as shown, CtrlC() as ctrl_c:
            told: set[str] = set()
            while True:
                ctrl_c.check()
                answer = asked(self._feed.poll)
                if isinstance(answer, Unknown):
                    self._take_refusal(answer, shown, told)
                elif self._feed.reads_console:
                    self._tell_once(
                        "The host has sent nothing to CloudWatch; what EC2 shows of its console "
                        "has to do, and comes minutes late.",
                        shown,
                        told,
                    )
                shown.update()
                if self._is_over:
                    return self._result()
                error = self._give_up(time.monotonic() >= until)
                if error:
                    break
                time.sleep(self._patience.poll)
        self._show_lines()
        raise error

    @property
    def _is_over(self) -> bool:
        progress = self.progress
        if not progress.is_complete:
            return False
        if Step.SUBMITTED not in progress.steps:
            return True
        return progress.judged_at is not None and datetime.now(UTC) - progress.judged_at < IS_FRESH

    def _result(self) -> dict[str, Any]:
        seconds = {step.name.lower(): self.progress.seconds(step) for step in self.progress.steps}
        return {
            "instance_id": self._instance_id,
            "healthy": True if Step.REGISTERED in self.progress.steps else None,
            "address": self.progress.address,
            "seconds": {
                name: None if taken is None else round(taken, 1) for name, taken in seconds.items()
            },
        }

    def _take_refusal(self, answer: Unknown, shown: Checklist, told: set[str]) -> None:
        if not answer.is_passing:
            raise OperatorError(answer.error.trouble, f"{answer.error} {_GO_ON}")
        self._tell_once(f"{answer.error} The wait goes on.", shown, told)

    def _tell_once(self, text: str, shown: Checklist, told: set[str]) -> None:
        if text not in told:
            told.add(text)
            shown.tell(text)

    def _give_up(self, is_late: bool) -> OperatorError | None:  # noqa: FBT001
        obstacle = self.progress.for_operator
        now = time.monotonic()
        for each in self.progress.obstacles.values():
            self._met.setdefault(each.kind, now)
        if obstacle and now - self._met[obstacle.kind] >= self._patience.grace.total_seconds():
            return self._needs_operator(obstacle)
        return self._not_in_time() if is_late else None

    def _needs_operator(self, obstacle: Obstacle) -> OperatorError:
        again = (
            "Then restart it: pipenv run allora restart --reboot"
            if obstacle.is_final
            else "The host tries again by itself"
        )
        return OperatorError(
            Trouble.NEEDS_YOU,
            f"The {obstacle.source} needs you: {_ended(obstacle.text)} {again}. {_GO_ON}",
            exit_code=ExitCode.UNHEALTHY,
        )

    def _not_in_time(self) -> OperatorError:
        waited = duration(self._patience.timeout)
        progress = self.progress
        if progress.waits_for_window:
            at = progress.next_window()
            when = f"; the next one is expected at about {moment(at)}" if at else ""
            sentence = (
                f"The deployment works so far: after {waited}, only a submission is missing. The "
                "topic has to open a window first, which may take an hour or a day"
                f"{when}. The worker does the rest by itself. Look later: "
                f"pipenv run allora status. {_GO_ON}"
            )
        else:
            step = progress.current
            missing = f"this is not done: {step}" if step else "the worker is not healthy"
            latest = self._latest()
            sentence = (
                f"After {waited}, {missing}.{latest} What was deployed goes on by itself. Look at "
                "pipenv run allora logs boot, pipenv run allora doctor, or at the host: "
                f"pipenv run allora connect. {_GO_ON}"
            )
        return OperatorError(Trouble.NOT_IN_TIME, sentence, exit_code=ExitCode.TIMEOUT)

    def _latest(self) -> str:
        if obstacle := next(iter(self.progress.obstacles.values()), None):
            return f" In the way: {_ended(obstacle.text)}"
        if self.progress.seen_at is None:
            return f" The host {self._instance_id} has told nothing about itself."
        return f" The latest: {self.progress.activity}." if self.progress.activity else ""

    def _show_lines(self) -> None:
        model = asked(self._feed.model_lines)
        parts = {
            Part.BOOT: list(self.progress.boot_lines),
            Part.WORKER: list(self.progress.worker_lines),
            Part.MODEL: [] if isinstance(model, Unknown) else model,
        }
        for part, lines in parts.items():
            if chosen := significant(part, lines):
                console.err.print(f"The last lines of the {part} log that matter:", style="bold")
                for line in chosen:
                    console.err.print(text_of(part, line))


def significant(part: Part, lines: Sequence[Line]) -> list[Line]:
    """The few lines of a log that tell what is wrong: errors and warnings, or the last ones."""
    told = [line for line in lines if not is_metric(line)]
    bad = list(_distinct(line for line in told if _is_bad(part, line)))
    return (bad or told)[-_LINES_OF_EACH:]


def _is_bad(part: Part, line: Line) -> bool:
    if part is Part.BOOT:
        event = host_event(line)
        return event is not None and event.is_obstacle
    return line.fields.get("level") in _BAD_LEVELS


def _distinct(lines: Iterable[Line]) -> Iterable[Line]:
    """Of lines that say the same, the last one."""
    latest: dict[str, Line] = {}
    for line in lines:
        text = str(line.fields.get("message", line.text))
        latest.pop(text, None)
        latest[text] = line
    return latest.values()


def _ended(sentence: str) -> str:
    """With its full stop, which what others wrote may lack."""
    return sentence if sentence.endswith((".", "!", "?", "…")) else f"{sentence}."


def _launched_at(office: Office, instance_id: str) -> datetime:
    """When an instance was launched; long ago when EC2 does not tell."""
    ec2 = office.session.client("ec2", config=PATIENCE)
    found = asked(lambda: ec2.describe_instances(InstanceIds=[instance_id]))
    if isinstance(found, Unknown) or not found["Reservations"]:
        return datetime.fromtimestamp(0, UTC)
    return found["Reservations"][0]["Instances"][0]["LaunchTime"]
