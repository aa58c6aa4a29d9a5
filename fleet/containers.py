"""The containers of a worker's task.

A one-shot container writes the secrets into volumes; then the model server and the worker start.
The three share one network, so that the worker finds the model on 127.0.0.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from containers.worker.allora_worker import place_secrets
from settings import Settings
from settings.command_words import command_words
from settings.fit import MODEL_HOSTS
from settings.fleet import FleetWorker
from settings.names import MODEL_SECRET, task_secrets
from user_data.environments import model_variables, worker_variables

WORKER_SECRETS: Final = "worker-secrets"
MODEL_SECRETS: Final = "model-secrets"
WORKER_STATE: Final = "worker-state"
WORKER_TMP: Final = "worker-tmp"
VOLUMES: Final = (WORKER_SECRETS, MODEL_SECRETS, WORKER_STATE, WORKER_TMP)
"""On the task's own disk, which Fargate encrypts and forgets with the task."""

_MODULE: Final = place_secrets.__name__.removeprefix("containers.worker.")
_PLACE_SECRETS: Final = Path(place_secrets.__file__).read_text("utf-8")

_STOP_SECONDS: Final = 30
"""Until the chain has taken a transaction that is under way."""

_MODEL_MEMORY: Final = 64
"""MiB that Fargate keeps for the model at least; it may use all that the others leave."""

# An untrusted image: it may start as root, change user and own its files, no more.
# Fargate can only drop (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_KernelCapabilities.html).
_MODEL_DROPS: Final = (
    "AUDIT_WRITE",
    "FSETID",
    "MKNOD",
    "NET_RAW",
    "SETFCAP",
    "SETPCAP",
    "SYS_CHROOT",
)


@dataclass(frozen=True)
class Images:
    """References to the images of a task."""

    worker: str
    model: str
    secrets: str
    """An image with Python."""


@dataclass(frozen=True)
class Place:
    """Where a task runs.

    Attributes:
        fleet: Its name, the dimension of its workers' metrics.
        region: Of AWS.
        parameter_arn: Prefix of the ARNs of SSM parameters, to which a name is added.
        log_groups: Names by part: worker, model.
    """

    fleet: str
    region: str
    parameter_arn: str
    log_groups: dict[str, str]


def container_definitions(
    worker: FleetWorker, images: Images, place: Place
) -> list[dict[str, Any]]:
    """Return the containers, as ECS takes them.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
    """
    return [
        _secrets(worker, images, place),
        _model(worker, images, place),
        _worker(worker, images, place),
    ]


def _secrets(worker: FleetWorker, images: Images, place: Place) -> dict[str, Any]:
    variables = {_variable_of(name): path for name, path in task_secrets(worker).items()}
    return {
        "name": "secrets",
        "image": images.secrets,
        "essential": False,
        "user": "0",
        **_place_secrets(worker.settings),
        "readonlyRootFilesystem": True,
        "secrets": [
            {"name": variable, "valueFrom": place.parameter_arn + path}
            for variable, path in variables.items()
        ],
        "mountPoints": [
            _mount(WORKER_SECRETS, str(place_secrets.WORKER_FILES)),
            _mount(MODEL_SECRETS, str(place_secrets.MODEL_FILES)),
            _mount(WORKER_STATE, str(place_secrets.WORKER_STATE)),
            _mount(WORKER_TMP, str(place_secrets.WORKER_TMP)),
        ],
        "linuxParameters": _no_more_than("CHOWN", "FOWNER"),
        "logConfiguration": _logs(worker, place, "worker"),
    }


def _variable_of(secret: str) -> str:
    """Return the variable that tells the container which secret it gets, and for whom."""
    if secret.startswith(MODEL_SECRET):
        return place_secrets.MODEL_VARIABLE + secret.removeprefix(MODEL_SECRET)
    return place_secrets.WORKER_VARIABLE + secret


def _place_secrets(settings: Settings) -> dict[str, Any]:
    """Return the command: a worker image of the user's has not our module, but any has its text."""
    if settings.worker_image:
        return {"entryPoint": ["python", "-c"], "command": [_PLACE_SECRETS]}
    return {
        "entryPoint": ["python", "-m"],
        "command": [place_secrets.__name__.partition(".worker.")[2]],
    }


def _model(worker: FleetWorker, images: Images, place: Place) -> dict[str, Any]:
    settings = worker.settings
    command = {"command": command_words(settings.model_command)} if settings.model_command else {}
    return {
        "name": "model",
        "image": images.model,
        "essential": True,
        **command,
        "memoryReservation": _MODEL_MEMORY,
        "readonlyRootFilesystem": settings.runs_own_model,
        "environment": _environment(model_variables(settings)),
        "dependsOn": [{"containerName": "secrets", "condition": "SUCCESS"}],
        "mountPoints": [_mount(MODEL_SECRETS, "/run/secrets", read_only=True)],
        "linuxParameters": {
            "initProcessEnabled": True,
            "capabilities": {"add": [], "drop": list(_MODEL_DROPS)},
        },
        "stopTimeout": _STOP_SECONDS,
        **({"logConfiguration": _logs(worker, place, "model")} if worker.logs_model else {}),
    }


def _worker(worker: FleetWorker, images: Images, place: Place) -> dict[str, Any]:
    return {
        "name": "worker",
        "image": images.worker,
        "essential": True,
        "user": f"{place_secrets.WORKER_UID}:{place_secrets.WORKER_UID}",
        "readonlyRootFilesystem": True,
        "environment": _environment(
            {**_at_one_address(worker_variables(worker.settings)), "ALLORA_FLEET": place.fleet}
        ),
        "dependsOn": [
            {"containerName": "secrets", "condition": "SUCCESS"},
            # Not HEALTHY: the model may train for an hour, and the worker asks again.
            {"containerName": "model", "condition": "START"},
        ],
        "mountPoints": [
            _mount(WORKER_SECRETS, "/run/secrets", read_only=True),
            _mount(WORKER_STATE, str(place_secrets.WORKER_STATE)),
            _mount(WORKER_TMP, "/tmp"),  # noqa: S108 - the only writable place of the container
        ],
        **({} if worker.settings.worker_image else {"healthCheck": _ALIVE}),
        "linuxParameters": _no_more_than(),
        "stopTimeout": _STOP_SECONDS,
        "logConfiguration": _logs(worker, place, "worker"),
    }


_ALIVE: Final = {
    # Alive, not healthy: a new task would not bring back a chain that is away.
    "command": ["CMD", "python", "-m", "allora_worker.healthcheck", "--alive"],
    # A process that has stopped is found in a minute, and killed `_STOP_SECONDS` later.
    "interval": 15,
    "timeout": 10,
    "retries": 3,
    "startPeriod": 60,
}


def _at_one_address(variables: dict[str, str]) -> dict[str, str]:
    """Return the worker's variables with the model's host names replaced by 127.0.0.1."""
    return {
        name: _local(value) if name.endswith("_ENDPOINT") else value
        for name, value in variables.items()
    }


def _local(endpoint: str) -> str:
    url = urlsplit(endpoint)
    if url.hostname not in MODEL_HOSTS:
        return endpoint
    port = f":{url.port}" if url.port else ""
    return urlunsplit(url._replace(netloc=f"127.0.0.1{port}"))


def _environment(variables: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in sorted(variables.items())]


def _mount(volume: str, path: str, *, read_only: bool = False) -> dict[str, Any]:
    return {"sourceVolume": volume, "containerPath": path, "readOnly": read_only}


def _no_more_than(*capabilities: str) -> dict[str, Any]:
    dropped = [each for each in _DEFAULT_CAPABILITIES if each not in capabilities]
    drop = dropped if capabilities else ["ALL"]
    return {"initProcessEnabled": True, "capabilities": {"add": [], "drop": drop}}


_DEFAULT_CAPABILITIES: Final = (
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD"),
    *("NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
)
"""https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities"""


def _logs(worker: FleetWorker, place: Place, part: str) -> dict[str, Any]:
    return {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": place.log_groups[part],
            "awslogs-region": place.region,
            "awslogs-stream-prefix": worker.name,
            "mode": "non-blocking",  # the task runs without CloudWatch too
            "max-buffer-size": "4m",
        },
    }
