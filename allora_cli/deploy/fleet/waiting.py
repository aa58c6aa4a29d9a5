"""Wait until each worker of a fleet runs, or say why one does not."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from allora_cli.aws.queries import PATIENCE, Unknown, asked
from allora_cli.context import Context, FleetContext
from allora_cli.deploy.events import AwsRefused
from allora_cli.deploy.fleet.events import FleetProgress, FleetWaitStarted, TaskStopped, WorkerState
from allora_cli.deploy.fleet.secrets import missing_secrets
from allora_cli.deploy.waiting import WaitPolicy
from allora_cli.errors import ErrorCode, ExitCode, OperatorError
from allora_cli.events import Event, Workflow
from allora_cli.fleet.tasks import Ecs, Runtime, Task
from allora_cli.terminal.interrupts import CtrlC
from allora_cli.terminal.text import duration
from settings.fleet import Fleet
from settings.names import FleetNames

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

_GO_ON: Final = "ECS tries again by itself. To go on watching, run the same command again."
_MOST_NAMES: Final = 5


def states_of(context: Context, fleet: Fleet) -> dict[str, WorkerState]:
    """Return how each worker is now."""
    runtimes = _ecs(context, fleet).runtimes()
    return {name: _state(runtimes.get(name)) for name in _names(fleet)}


def wait_for_fleet(
    context: Context, fleet: Fleet, policy: WaitPolicy
) -> Workflow[dict[str, WorkerState]]:
    """Wait until each worker runs its present task, or is paused.

    Args:
        context: the fleet's account and region.
        fleet: its workers that are waited for.
        policy: how long to wait.

    Returns:
        how each worker is, by name.

    Raises:
        OperatorError: a task cannot start, or it takes too long; or AWS refuses.
    """
    yield FleetWaitStarted(FleetNames(context.settings).fleet, tuple(_names(fleet)))
    return (yield from _Wait(context, fleet, policy).run())


def _ecs(context: Context, fleet: Fleet) -> Ecs:
    return Ecs(FleetContext(context.shared, fleet, FleetNames(context.shared.settings)))


def _names(fleet: Fleet) -> list[str]:
    return [worker.name for worker in fleet.workers]


def _state(runtime: Runtime | None) -> WorkerState:
    if runtime is None or runtime.service is None or not runtime.service.is_settled:
        return WorkerState.STARTING
    return WorkerState.RUNNING if runtime.service.desired else WorkerState.PAUSED


class _Wait:
    def __init__(self, context: Context, fleet: Fleet, policy: WaitPolicy) -> None:
        self._workers = {worker.name: worker for worker in fleet.workers}
        self._policy = policy
        self._ecs = _ecs(context, fleet)
        self._ssm: SSMClient = context.session.client("ssm", config=PATIENCE)
        self._runtimes: dict[str, Runtime] = {}
        self._failures: dict[str, tuple[Task, float]] = {}
        self._told: set[Event] = set()

    def run(self) -> Workflow[dict[str, WorkerState]]:
        until = time.monotonic() + self._policy.timeout.total_seconds()
        with CtrlC() as ctrl_c:
            while True:
                ctrl_c.check()
                answer = asked(self._look)
                if isinstance(answer, Unknown):
                    if not answer.is_passing:
                        raise answer.error
                    yield from self._once(AwsRefused(answer.error.code, str(answer.error)))
                else:
                    yield from self._news()
                    if not self._waiting:
                        return {name: _state(self._runtimes[name]) for name in self._workers}
                    self._give_up(is_late=time.monotonic() >= until)
                time.sleep(self._policy.poll)

    @property
    def _waiting(self) -> list[str]:
        """The workers that are not there yet."""
        return [
            name
            for name in self._workers
            if _state(self._runtimes.get(name)) is WorkerState.STARTING
        ]

    def _look(self) -> None:
        self._runtimes = self._ecs.runtimes()
        now = time.monotonic()
        self._failures = {
            name: (task, self._failures.get(name, (task, now))[1])
            for name in self._waiting
            if (task := _failed_task(self._runtimes.get(name)))
        }

    def _news(self) -> Iterator[Event]:
        waiting = self._waiting
        yield from self._once(FleetProgress(len(self._workers) - len(waiting), tuple(waiting)))
        for name, (task, _) in self._failures.items():
            remedies = tuple(missing_secrets(self._ssm, self._workers[name]))
            code = task.stop_code or ""
            yield from self._once(TaskStopped(name, code, task.reason or code, remedies))

    def _once(self, event: Event) -> Iterator[Event]:
        if event not in self._told:
            self._told.add(event)
            yield event

    def _give_up(self, *, is_late: bool) -> None:
        """End the wait when time is up, or when nothing but failed tasks is waited for."""
        grace, now = self._policy.grace.total_seconds(), time.monotonic()
        ripe = [name for name, (_, since) in self._failures.items() if now - since >= grace]
        if ripe and set(self._waiting) <= self._failures.keys():
            raise self._failed()
        if is_late:
            raise self._failed() if self._failures else self._not_in_time()

    def _failed(self) -> OperatorError:
        told = [
            f"{name}: {task.reason or task.stop_code}{self._remedy(name)}"
            for name, (task, _) in list(self._failures.items())[:_MOST_NAMES]
        ]
        return OperatorError(
            ErrorCode.TASK_FAILED,
            f"{_count(self._failures)} cannot run: {'. '.join(told)}. {_GO_ON}",
            exit_code=ExitCode.UNHEALTHY,
        )

    def _remedy(self, name: str) -> str:
        commands = missing_secrets(self._ssm, self._workers[name])
        return f". Store what is missing: {'; '.join(commands)}" if commands else ""

    def _not_in_time(self) -> OperatorError:
        names = ", ".join(self._waiting[:_MOST_NAMES])
        return OperatorError(
            ErrorCode.NOT_IN_TIME,
            f"After {duration(self._policy.timeout)}, {_count(self._waiting)} of the fleet do not "
            f"run yet: {names}. {_GO_ON}",
            exit_code=ExitCode.TIMEOUT,
        )


def _failed_task(runtime: Runtime | None) -> Task | None:
    """Return the last task of the present deployment, if it has failed."""
    if runtime is None or runtime.service is None or runtime.stopped is None:
        return None
    stopped = runtime.stopped
    is_present = stopped.started_by == runtime.service.deployment_id
    return stopped if is_present and stopped.has_failed else None


def _count(workers: Mapping[str, object] | list[str]) -> str:
    return "1 worker" if len(workers) == 1 else f"{len(workers)} workers"
