"""What a proposal does to the workers of a fleet."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from allora_cli.terraform.plans import Action, Change
from settings import Settings

_SERVICE: Final = "aws_ecs_service"
_TASK: Final = "aws_ecs_task_definition"
OF_WORKERS: Final = frozenset({_SERVICE, _TASK})
"""Terraform's types of what each worker has for itself."""


class WorkerAction(StrEnum):
    """What becomes of a worker, in the order of the screen."""

    NEW = "new"
    NEW_PAUSED = "new-paused"
    RESUMED = "resumed"
    TASK_REPLACED = "task-replaced"
    CHANGED = "changed"
    """In what surrounds the task, or while it is paused."""
    PAUSED = "paused"
    REMOVED = "removed"


class Reason(StrEnum):
    """Why a task is replaced, where that is no setting."""

    WORKER_IMAGE = "worker-image"
    MODEL_IMAGE = "model-image"
    SECRETS = "secrets"
    MODEL_LOGS = "model-logs"
    SIZE = "size"
    ARCHITECTURE = "architecture"
    CAPACITY = "capacity"
    DEFINITION = "definition"
    """What this version of the project asks ECS for."""


@dataclass(frozen=True)
class WorkerChange:
    """What becomes of workers to which the same happens.

    Attributes:
        names: of the workers.
        because: settings, or values of `Reason`.
    """

    action: WorkerAction
    names: tuple[str, ...]
    because: tuple[str, ...] = ()


def worker_changes(changes: Iterable[Change]) -> tuple[WorkerChange, ...]:
    """Return what changes do to workers: those together to which the same happens."""
    by_worker: defaultdict[str, list[Change]] = defaultdict(list)
    for change in changes:
        if change.type in OF_WORKERS and (name := _worker_of(change)):
            by_worker[name].append(change)
    same: defaultdict[tuple[WorkerAction, tuple[str, ...]], list[str]] = defaultdict(list)
    for name, group in by_worker.items():
        same[_what(group)].append(name)
    return tuple(
        WorkerChange(action, tuple(names), because)
        for (action, because), names in sorted(same.items(), key=_place)
    )


def _place(item: tuple[tuple[WorkerAction, tuple[str, ...]], Sequence[str]]) -> tuple[int, str]:
    (action, _), names = item
    return list(WorkerAction).index(action), names[0]


def _worker_of(change: Change) -> str:
    """Return the worker's name; "" of a new task definition, whose tags are not known yet."""
    values = change.after or change.before
    name = values.get("name") if change.type == _SERVICE else _tags(values).get("Worker")
    return str(name or "")


def _tags(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return values.get("tags") or {}


def _what(group: Sequence[Change]) -> tuple[WorkerAction, tuple[str, ...]]:
    service = next((change for change in group if change.type == _SERVICE), None)
    if service and service.action is Action.CREATE:
        is_paused = service.after.get("desired_count") == 0
        return (WorkerAction.NEW_PAUSED if is_paused else WorkerAction.NEW), ()
    if service and service.action is Action.DELETE:
        return WorkerAction.REMOVED, ()
    because = tuple(dict.fromkeys(reason for change in group for reason in _reasons(change)))
    if service and (turn := _turn(service)):
        return turn, because
    if service and service.after.get("desired_count") == 0:
        return WorkerAction.CHANGED, because
    is_replaced = because or any(change.action is Action.REPLACE for change in group)
    return (WorkerAction.TASK_REPLACED if is_replaced else WorkerAction.CHANGED), because


def _turn(service: Change) -> WorkerAction | None:
    """Return whether a worker is paused or resumed; None: neither."""
    before, after = (side.get("desired_count") for side in (service.before, service.after))
    if before == after or after is None:
        return None
    return WorkerAction.PAUSED if after == 0 else WorkerAction.RESUMED


def _reasons(change: Change) -> Iterator[str]:
    changed = {each.name.partition(".")[0] for each in change.attributes}
    if change.type == _SERVICE:
        if "capacity_provider_strategy" in changed:
            yield Reason.CAPACITY
    elif change.action is not Action.DELETE:
        if changed & {"cpu", "memory"}:
            yield Reason.SIZE
        if "runtime_platform" in changed:
            yield Reason.ARCHITECTURE
        if "container_definitions" in changed:
            yield from _of_containers(change) or (Reason.DEFINITION,)


def _of_containers(change: Change) -> list[str]:
    """Return why the containers differ; nothing if that is unknown."""
    before, after = (_containers(side) for side in (change.before, change.after))
    if before.keys() != after.keys():
        return []
    follows = _follows_the_model(before, after)
    found = list[str]()
    for name, reason in (("worker", Reason.WORKER_IMAGE), ("model", Reason.MODEL_IMAGE)):
        old, new = before.get(name, {}), after.get(name, {})
        if old.get("image") != new.get("image"):
            found.append(reason)
        found += sorted(_of_environments(_environment(old), _environment(new), follows))
        if (old.get("command") or None) != (new.get("command") or None):
            found.append("MODEL_COMMAND")
    if before.get("secrets", {}).get("secrets") != after.get("secrets", {}).get("secrets"):
        found.append(Reason.SECRETS)
    if Reason.MODEL_IMAGE not in found and _is_logged(before) is not _is_logged(after):
        found.append(Reason.MODEL_LOGS)
    return found


def _containers(values: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {each["name"]: each for each in json.loads(values.get("container_definitions") or "[]")}


def _is_logged(containers: Mapping[str, Mapping[str, Any]]) -> bool:
    return bool(containers.get("model", {}).get("logConfiguration"))


def _environment(container: Mapping[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container.get("environment") or ()}


def _follows_the_model(
    before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]
) -> frozenset[str]:
    """Return the variables that change because a model is no longer, or is now, the project's."""
    old, new = (
        _OWN_MODEL.keys() <= _environment(side.get("model", {})).keys() for side in (before, after)
    )
    return frozenset(_OWN_MODEL) | _ENDPOINTS if old is not new else frozenset()


def _of_environments(
    before: Mapping[str, str], after: Mapping[str, str], without: frozenset[str]
) -> set[str]:
    """Return the settings of variables that differ; those that are none are the model's own."""
    every = (before.keys() | after.keys()) - without
    names = {name for name in every if before.get(name) != after.get(name)}
    return {_OWN_MODEL.get(name, name if name in _SETTINGS else "MODEL_ENV_VARS") for name in names}


_SETTINGS: Final = frozenset(str(field.alias) for field in Settings.model_fields.values())

_OWN_MODEL: Final = {
    "TOKEN": "ALLORA_WORKER_TOKEN",
    "TOPICS": "ALLORA_WORKER_TOPIC_ID",
    "PORT": "MODEL_PORT",
}
"""Settings behind the variables of the project's own model."""

_ENDPOINTS: Final = frozenset(name for name in _SETTINGS if name.endswith("_ENDPOINT"))
