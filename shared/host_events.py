"""Names in the host's events, written by scripts/host/lib/common.sh and bin/bootstrap.py.

An event is a line of JSON in the journal, in CloudWatch (`<instance id>/boot`) and on the serial
console:

    {"event": "packages", "state": "done", "step": 4, "of": 6, "message": "Install packages: done"}
    {"event": "worker", "state": "waiting", "code": "secrets_unavailable", "needs_operator": true,
     "message": "Secrets are missing below ..."}

Only events of the installation have `step` and `of`; only the states `failed` and `waiting` have
`code` and `needs_operator`.
"""

from __future__ import annotations

from enum import StrEnum


class Event(StrEnum):
    """Subject of an event."""

    BOOTSTRAP = "bootstrap"
    """Fetch the host's scripts."""
    INTERNET = "internet"
    STORAGE = "storage"
    DOCKER_SETTINGS = "docker_settings"
    PACKAGES = "packages"
    DOCKER = "docker"
    WORKER = "worker"
    """Start worker and model."""
    INSTALLATION = "installation"
    """All steps from `internet` to `worker`."""
    REPORTS = "reports"
    """Send events to CloudWatch."""
    SECRETS = "secrets"
    MODEL_SOURCE = "model_source"
    IMAGES = "images"
    CONTAINERS = "containers"
    CARE = "care"
    """Restart an unhealthy model, clear a full disk."""
    HOST = "host"
    """Anything else."""


class State(StrEnum):
    """State of an event's subject."""

    STARTED = "started"
    DONE = "done"
    WAITING = "waiting"
    """Failed, and tried again."""
    FAILED = "failed"
    """Failed, and not tried again before the next boot; an installation is on older hosts only."""


class Code(StrEnum):
    """Reason for `failed` or `waiting`."""

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
