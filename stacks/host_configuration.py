"""From settings to the host's user data: its scripts and its configuration, no secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from constructs_lib.user_data import (
    EncodedUserData,
    HostFile,
    UserDataTooLargeError,
    encode_user_data,
    render_environment,
    render_user_data,
)
from settings import Settings, SettingsError
from settings.errors import Problem
from settings.names import Names

_SCRIPTS = Path(__file__).resolve().parent.parent / "scripts" / "host"

# Where the files of scripts/host/ go on the host, and whether they are programs. By suffix: what an
# editor or a file manager leaves beside them would change the user data, and replace the host.
_FOLDERS = {
    "bin/*.sh": ("/opt/allora/bin", True),
    "bin/*.py": ("/opt/allora/bin", True),
    "lib/*.sh": ("/opt/allora/lib", False),
    "systemd/*.service": ("/etc/systemd/system", False),
}


def host_user_data(settings: Settings) -> EncodedUserData:
    """The user data of a worker's host.

    Raises:
        SettingsError: it is more than EC2 takes.
    """
    text = render_user_data(
        [*_scripts(), *_configuration(settings)], command="/opt/allora/bin/install.sh"
    )
    try:
        return encode_user_data(text)
    except UserDataTooLargeError as error:
        size = sum(len(f"{name}={value}".encode()) for name, value in settings.model_env.items())
        message = f"holds {size:,} bytes, and {error}."
        remedy = "shorten it: have the model read what is large from its image or repository"
        raise SettingsError("Settings", [Problem("MODEL_ENV_VARS", message, remedy)]) from error


def _scripts() -> Iterator[HostFile]:
    for pattern, (destination, executable) in _FOLDERS.items():
        for script in sorted(_SCRIPTS.glob(pattern)):
            text = script.read_text(encoding="utf-8")
            yield HostFile(f"{destination}/{script.name}", text, executable)
    compose = (_SCRIPTS / "compose.yaml").read_text(encoding="utf-8")
    yield HostFile("/opt/allora/compose.yaml", compose)


def _configuration(settings: Settings) -> Iterator[HostFile]:
    yield HostFile("/etc/allora/host.env", render_environment(_host_variables(settings)))
    yield HostFile(
        "/etc/allora/compose.settings.json",
        json.dumps(_compose_settings(settings), indent=1, ensure_ascii=False) + "\n",
    )


def _host_variables(settings: Settings) -> dict[str, str]:
    names = Names(settings)
    return {
        "AWS_REGION": settings.aws_region,
        "ALLORA_WORKER_NAME": settings.worker_name,
        "DATA_VOLUME": _data_volume_kind(settings),
        "MODEL_REPO": settings.model_repo or "",
        "MODEL_REF": settings.model_ref or "",
        "MODEL_SECRETS": " ".join(settings.model_secrets),
        "SECRETS_PREFIX": names.secrets_prefix,
        "LOG_GROUP_PREFIX": names.log_group_prefix,
        "WORKER_PORT": str(settings.worker_port),
        "MODEL_PORT": str(settings.model_port),
    }


def _data_volume_kind(settings: Settings) -> str:
    if settings.data_volume:
        return "ebs"
    return "instance-store" if settings.data_volume_type == "instance-store" else "none"


def _compose_settings(settings: Settings) -> dict[str, Any]:
    """What the compose file leaves open: images or builds, and the containers' environment."""
    return {
        "services": {
            "worker": {
                **_image_or_build(settings.worker_image, "/opt/allora/worker"),
                "environment": _environment(_worker_variables(settings)),
            },
            "model": {
                **_image_or_build(
                    settings.model_image,
                    "/var/lib/allora/model" if settings.model_repo else "/opt/allora/model_server",
                ),
                "environment": _environment(_model_variables(settings)),
            },
        }
    }


def _image_or_build(image: str | None, context: str) -> dict[str, Any]:
    return {"image": image} if image else {"build": {"context": context}}


def _worker_variables(settings: Settings) -> dict[str, str]:
    return {
        "ALLORA_NETWORK": settings.allora_network,
        "ALLORA_WORKER_NAME": settings.worker_name,
        "ALLORA_WORKER_TOPIC_ID": ",".join(map(str, settings.topic_ids)),
        "ALLORA_WORKER_TOKEN": settings.worker_token,
        "ALLORA_WORKER_INFERENCE_ENDPOINT": settings.inference_endpoint,
        "ALLORA_GRPC_URL": settings.grpc_url or "",
        "ALLORA_WEBSOCKET_URL": settings.websocket_url or "",
        "BOOT_NODES": settings.boot_nodes or "",
    }


def _model_variables(settings: Settings) -> dict[str, str]:
    """The user's variables, and for each secret one the file that it is in."""
    files = {f"{name}_FILE": f"/run/secrets/{name}" for name in settings.model_secrets}
    return {**settings.model_env, **files}


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Compose would expand `$`; doubled, it stands for itself.

    https://docs.docker.com/reference/compose-file/interpolation/
    """
    return {name: value.replace("$", "$$") for name, value in variables.items()}
