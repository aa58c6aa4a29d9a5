"""Tell which settings make two hosts' user data differ."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any, Final

from user_data.cloud_config import HostFile, read_files
from user_data.compose import REQUIREMENTS_LABEL
from user_data.host_files import APT_FILE, COMPOSE_FILE, VARIABLES_FILE

PROJECT_FILES: Final = "the project's own files"
"""In place of a setting: scripts, worker or model server have changed, as after an update."""

_SETTINGS: Final[Mapping[str, str]] = {
    "ARCHIVE_BUCKET": "TF_STATE_BUCKET",
    "ARCHIVE_PREFIX": PROJECT_FILES,
    "ARCHIVE_REGION": "TF_STATE_REGION",
    "ARCHIVE_SHA256": PROJECT_FILES,
    "DATA_VOLUME": "EDGE_DATA_VOL_TYPE",
    "FORGE_PYTHON_IMAGE": "MODEL_PYTHON",
    "LOG_GROUP_PREFIX": "ALLORA_WORKER_NAME",
    "PYTHON_IMAGE": "ALLORA_PYTHON_IMAGE",
    "SECRETS_PREFIX": "ALLORA_WORKER_NAME",
    "WORKER_PORT": "ALLORA_WORKER_PORT",
}
"""Settings by the host's variables that are called otherwise."""


_OF_OUR_MODEL: Final[Mapping[str, str]] = {
    "PORT": "MODEL_PORT",
    "TOKEN": "ALLORA_WORKER_TOKEN",
    "TOPICS": "ALLORA_WORKER_TOPIC_ID",
}

_OF_FORGE: Final[Mapping[str, str]] = {
    "FORGE_PORT": "MODEL_PORT",
    "FORGE_PYTHON": "MODEL_PYTHON",
    "FORGE_SHA256": "MODEL_FORGE",
    "FORGE_TOPIC_ID": "ALLORA_WORKER_TOPIC_ID",
}


def changed_settings(before: str, after: str) -> tuple[str, ...]:
    """Return the settings that differ between two hosts' user data, sorted.

    Args:
        before: user data in base64.
        after: likewise.

    Returns:
        Names of settings, and PROJECT_FILES, which stands alone when one of the two is of a release
        with other files; nothing when one cannot be read.
    """
    try:
        files = read_files(before), read_files(after)
    except ValueError:
        return ()
    try:
        old, new = map(_values, files)
    except (AttributeError, LookupError, TypeError, ValueError):  # of another release
        return (PROJECT_FILES,)
    names = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    # The archive has the SDK's lock file, and no sources for images that are not built.
    if names & _IN_THE_ARCHIVE:
        names.discard(PROJECT_FILES)
    return tuple(sorted(names))


_IN_THE_ARCHIVE: Final = frozenset(
    {"ALLORA_SDK_VERSION", "ALLORA_WORKER_IMAGE", "MODEL_IMAGE", "MODEL_REPO"}
    | {"MODEL_FORGE", "MODEL_REQUIREMENTS", "MODEL_SHA256"}
)
"""Settings that decide what the archive holds."""


def _values(files: list[HostFile]) -> dict[str, Any]:
    """Return what the files say, by setting."""
    values: dict[str, Any] = {}
    for file in files:
        for name, value in _members(file):
            values.setdefault(name, []).append(value)
    return values


def _members(file: HostFile) -> list[tuple[str, Any]]:
    match file.path:
        case path if path == VARIABLES_FILE:
            pairs = (line.partition("=")[::2] for line in shlex.split(file.content))
            return [(_SETTINGS.get(name, name), value) for name, value in pairs]
        case path if path == COMPOSE_FILE:
            services = json.loads(file.content)["services"]
            return [*_worker(services["worker"]), *_model(services["model"])]
        case path if path == APT_FILE:
            return [("HOST_REBOOT_TIME", file.content)]
        case _:
            return [(PROJECT_FILES, file)]


def _worker(service: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [
        *_image(service, "ALLORA_WORKER_IMAGE"),
        *service["environment"].items(),
    ]


def _model(service: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [
        *_image(service, "MODEL_IMAGE"),
        ("MODEL_COMMAND", service.get("command")),
        ("MODEL_REQUIREMENTS", service.get("labels", {}).get(REQUIREMENTS_LABEL)),
        *(
            (_setting_of_model(name, value, is_ours=service.get("read_only", False)), (name, value))
            for name, value in service["environment"].items()
        ),
    ]


def _setting_of_model(name: str, value: str, *, is_ours: bool) -> str:
    if name in _OF_FORGE:
        return _OF_FORGE[name]
    if is_ours and name in _OF_OUR_MODEL:
        return _OF_OUR_MODEL[name]
    is_secret = value == f"/run/secrets/{name.removesuffix('_FILE')}"
    return "MODEL_SECRETS" if is_secret else "MODEL_ENV_VARS"


def _image(service: Mapping[str, Any], setting: str) -> list[tuple[str, Any]]:
    arguments = service.get("build", {}).get("args", {})
    return [
        (setting, service.get("image")),
        *((_SETTINGS.get(name, name), value) for name, value in arguments.items()),
    ]
