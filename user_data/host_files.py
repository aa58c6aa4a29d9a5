"""Render the host's user data: configuration and bootstrap, without secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from settings import Settings, SettingsError
from settings.errors import Problem
from settings.names import Names
from user_data.cloud_config import (
    EncodedUserData,
    HostFile,
    UserDataTooLargeError,
    encode_user_data,
    render_cloud_config,
    render_environment,
)
from user_data.compose import compose_settings

_HOST = Path(__file__).resolve().parent.parent / "scripts" / "host"
_BOOTSTRAP = "/opt/allora-bootstrap"
_INSTALL = "allora-install.service"

VARIABLES_FILE = "/etc/allora/host.env"
COMPOSE_FILE = "/etc/allora/compose.settings.json"
APT_FILE = "/etc/apt/apt.conf.d/52allora"
"""The host's files with settings."""


def host_user_data(settings: Settings, *, archive_sha256: str) -> EncodedUserData:
    """Return the user data of a host that fetches the archive with this digest.

    Raises:
        SettingsError: it exceeds EC2's limit.
    """
    text = render_cloud_config(
        [*_configuration(settings, archive_sha256), *_bootstrap()],
        command=("systemctl", "enable", "--now", "--no-block", _INSTALL),
    )
    try:
        return encode_user_data(text)
    except UserDataTooLargeError as error:
        size = sum(len(f"{name}={value}".encode()) for name, value in settings.model_env.items())
        message = f"holds {size:,} bytes, and {error}."
        remedy = "shorten it: have the model read what is large from its image or repository"
        raise SettingsError("Settings", [Problem("MODEL_ENV_VARS", message, remedy)]) from error


def _bootstrap() -> Iterator[HostFile]:
    for name in ("bootstrap.py", "aws.py"):
        text = (_HOST / "bin" / name).read_text("utf-8")
        yield HostFile(f"{_BOOTSTRAP}/{name}", text, executable=True)
    unit = (_HOST / "systemd" / _INSTALL).read_text("utf-8")
    yield HostFile(f"/etc/systemd/system/{_INSTALL}", unit)


def _configuration(settings: Settings, archive_sha256: str) -> Iterator[HostFile]:
    variables = {**_host_variables(settings), "ARCHIVE_SHA256": archive_sha256}
    yield HostFile(VARIABLES_FILE, render_environment(variables))
    yield HostFile(APT_FILE, _unattended_upgrades(settings.reboot_time))
    yield HostFile(
        COMPOSE_FILE,
        json.dumps(compose_settings(settings), indent=1, ensure_ascii=False) + "\n",
    )


def _host_variables(settings: Settings) -> dict[str, str]:
    names = Names(settings)
    return {
        "AWS_REGION": settings.aws_region,
        "ALLORA_WORKER_NAME": settings.worker_name,
        "DATA_VOLUME": _data_volume_kind(settings),
        "MODEL_REPO": settings.model_repo or "",
        "MODEL_REF": settings.model_ref or "",
        "MODEL_FORGE": settings.forge_url or "",
        "MODEL_SHA256": (settings.forge_url and settings.model_sha256) or "",
        "MODEL_SECRETS": " ".join(settings.model_secrets),
        "SECRETS_PREFIX": names.secrets_prefix,
        "LOG_GROUP_PREFIX": names.log_group_prefix,
        "ARCHIVE_BUCKET": settings.state_bucket,
        "ARCHIVE_REGION": settings.state_region,
        "ARCHIVE_PREFIX": names.archive_prefix,
        "WORKER_PORT": str(settings.worker_port),
        "MODEL_PORT": str(settings.model_port),
    }


def _unattended_upgrades(reboot_time: str) -> str:
    """Return apt's settings for security updates and reboots.

    https://documentation.ubuntu.com/server/how-to/software/automatic-updates/
    """
    never = reboot_time == "never"
    options = {
        "APT::Periodic::Update-Package-Lists": "1",
        "APT::Periodic::Unattended-Upgrade": "1",
        "Unattended-Upgrade::Automatic-Reboot": "false" if never else "true",
        "Unattended-Upgrade::Automatic-Reboot-Time": "04:30" if never else reboot_time,
        # 200 MB each
        "Unattended-Upgrade::Remove-Unused-Kernel-Packages": "true",
    }
    return "".join(f'{option} "{value}";\n' for option, value in options.items())


def _data_volume_kind(settings: Settings) -> str:
    if settings.data_volume:
        return "ebs"
    return "instance-store" if settings.data_volume_type == "instance-store" else "none"
