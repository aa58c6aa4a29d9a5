"""Wait until each worker of a fleet runs, or say why one does not."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from allora_cli.aws.queries import PATIENCE, Unknown, asked
from allora_cli.context import Context
from allora_cli.deploy.events import AwsRefused
from allora_cli.deploy.fleet.events import FleetProgress, FleetWaitStarted, TaskStopped, WorkerState
from allora_cli.deploy.fleet.secrets import missing_secrets
from allora_cli.deploy.fleet.services import Ecs, Service, Stop
from allora_cli.deploy.waiting import WaitPolicy
from allora_cli.errors import ErrorCode, ExitCode, OperatorError
from allora_cli.events import Event, Workflow
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
    services = {each.name: each for each in _ecs(context).services(_names(fleet))}
    return {name: _state(services.get(name)) for name in _names(fleet)}


def wait_for_fleet(
    context: Context, fleet: Fleet, policy: WaitPolicy, *, since: datetime | None = None
) -> Workflow[dict[str, WorkerState]]:
    """Wait until each worker runs its present task, or is paused.

    Args:
        context: the fleet's account and region.
        fleet: its workers that are waited for.
        policy: how long to wait.
        since: failures of earlier tasks do not count.

    Returns:
        how each worker is, by name.

    Raises:
        OperatorError: a task cannot start, or it takes too long; or AWS refuses.
    """
    yield FleetWaitStarted(FleetNames(context.settings).fleet, tuple(_names(fleet)))
    return (yield from _Wait(context, fleet, policy, since).run())


def _ecs(context: Context) -> Ecs:
    client = context.session.client("ecs", config=PATIENCE)
    return Ecs(client, FleetNames(context.settings).fleet)


def _names(fleet: Fleet) -> list[str]:
    return [worker.name for worker in fleet.workers]


def _state(service: Service | None) -> WorkerState:
    if service is None or not service.is_steady:
        return WorkerState.STARTING
    return WorkerState.RUNNING if service.desired else WorkerState.PAUSED


class _Wait:
    def __init__(
        self, context: Context, fleet: Fleet, policy: WaitPolicy, since: datetime | None
    ) -> None:
        self._since = since
        self._workers = {worker.name: worker for worker in fleet.workers}
        self._policy = policy
        self._ecs = _ecs(context)
        self._ssm: SSMClient = context.session.client("ssm", config=PATIENCE)
        self._services: dict[str, Service] = {}
        self._stops: dict[str, tuple[Stop, float]] = {}
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
                        return {name: _state(self._services[name]) for name in self._workers}
                    self._give_up(is_late=time.monotonic() >= until)
                time.sleep(self._policy.poll)

    @property
    def _waiting(self) -> list[str]:
        """The workers that are not there yet."""
        return [
            name
            for name in self._workers
            if not (name in self._services and self._services[name].is_steady)
        ]

    def _look(self) -> None:
        self._services = {each.name: each for each in self._ecs.services(self._workers)}
        waiting = self._waiting
        failed: dict[str, tuple[Stop, float]] = {}
        for stop in self._ecs.stops() if waiting else ():
            if stop.worker in waiting and self._is_present(stop):
                _, since = self._stops.get(stop.worker, (stop, time.monotonic()))
                failed[stop.worker] = stop, since
        self._stops = failed

    def _is_present(self, stop: Stop) -> bool:
        """Return whether it ran what the service is to run now, and is not from before."""
        if self._since and stop.created_at < self._since:
            return False
        service = self._services.get(stop.worker)
        return service is not None and service.task_definition == stop.task_definition

    def _news(self) -> Iterator[Event]:
        waiting = self._waiting
        yield from self._once(FleetProgress(len(self._workers) - len(waiting), tuple(waiting)))
        for name, (stop, _) in self._stops.items():
            remedies = tuple(missing_secrets(self._ssm, self._workers[name]))
            yield from self._once(TaskStopped(name, stop.code, stop.reason, remedies))

    def _once(self, event: Event) -> Iterator[Event]:
        if event not in self._told:
            self._told.add(event)
            yield event

    def _give_up(self, *, is_late: bool) -> None:
        """End the wait when time is up, or when nothing but failed tasks is waited for."""
        grace, now = self._policy.grace.total_seconds(), time.monotonic()
        ripe = [name for name, (_, since) in self._stops.items() if now - since >= grace]
        if ripe and set(self._waiting) <= self._stops.keys():
            raise self._failed()
        if is_late:
            raise self._failed() if self._stops else self._not_in_time()

    def _failed(self) -> OperatorError:
        told = [
            f"{name}: {stop.reason.rstrip('.')}{self._remedy(name)}"
            for name, (stop, _) in list(self._stops.items())[:_MOST_NAMES]
        ]
        return OperatorError(
            ErrorCode.TASK_FAILED,
            f"{_count(self._stops)} cannot run: {'. '.join(told)}. {_GO_ON}",
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


def _count(workers: Mapping[str, object] | list[str]) -> str:
    return "1 worker" if len(workers) == 1 else f"{len(workers)} workers"
