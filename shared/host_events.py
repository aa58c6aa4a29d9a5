"""The names of a host's events.

`event` in scripts/host/lib/common.sh writes them, and `report` in scripts/host/bin/bootstrap.py.

An event is a line of JSON in the journal, in CloudWatch (`<instance id>/boot`) and on the serial
console:

    {"event": "packages", "state": "done", "step": 4, "of": 6, "message": "Install packages: done"}
    {"event": "worker", "state": "waiting", "code": "secrets_unavailable", "needs_operator": true,
     "message": "Secrets are missing below ..."}

`step` and `of` are there during the installation, `code` and `needs_operator` where the state is
`failed` or `waiting`.
"""

from __future__ import annotations

from enum import StrEnum


class Event(StrEnum):
    """What a host reports on."""

    BOOTSTRAP = "bootstrap"
    """The host's scripts are fetched."""
    INTERNET = "internet"
    STORAGE = "storage"
    DOCKER_SETTINGS = "docker_settings"
    PACKAGES = "packages"
    DOCKER = "docker"
    WORKER = "worker"
    """Worker and model are started."""
    INSTALLATION = "installation"
    """All steps from `internet` to `worker`, once."""
    REPORTS = "reports"
    """The service that sends events to CloudWatch."""
    SECRETS = "secrets"
    MODEL_SOURCE = "model_source"
    IMAGES = "images"
    CONTAINERS = "containers"
    CARE = "care"
    """A sick model is restarted, a full disk cleared."""
    HOST = "host"
    """Whatever is none of the others."""


class State(StrEnum):
    """How far it is."""

    STARTED = "started"
    DONE = "done"
    WAITING = "waiting"
    """It did not work, and is tried again."""
    FAILED = "failed"
    """It did not work, and is not tried again before the next boot."""


class Code(StrEnum):
    """Why it did not work."""

    UNEXPECTED = "unexpected"
    ARCHIVE_UNAVAILABLE = "archive_unavailable"
    CONTAINER_ENDS = "container_ends"
    CONTAINERS_NOT_STARTED = "containers_not_started"
    DATA_VOLUME_FOREIGN = "data_volume_foreign"
    DATA_VOLUME_MISSING = "data_volume_missing"
    DATA_VOLUME_SETTING = "data_volume_setting"
    DOCKER_DOWN = "docker_down"
    DOCKER_SETTINGS_INVALID = "docker_settings_invalid"
    IMAGE_MISSING = "image_missing"
    INSTALLATION_RUNS = "installation_runs"
    INTERNET_UNREACHABLE = "internet_unreachable"
    MODEL_SOURCE_UNAVAILABLE = "model_source_unavailable"
    PACKAGES_UNAVAILABLE = "packages_unavailable"
    REPORTS_DOWN = "reports_down"
    SECRETS_UNAVAILABLE = "secrets_unavailable"


FIELDS = frozenset({"event", "state", "step", "of", "code", "needs_operator", "message"})
