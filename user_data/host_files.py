"""From settings to the host's user data: its scripts and its configuration, no secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from settings import Settings, SettingsError
from settings.errors import Problem
from settings.names import Names
from user_data.bare_text import bare
from user_data.compose import compose_settings
from user_data.render import (
    EncodedUserData,
    HostFile,
    UserDataTooLargeError,
    encode_user_data,
    render_environment,
    render_user_data,
)

_SCRIPTS = Path(__file__).resolve().parent.parent / "scripts" / "host"

# Where the files of scripts/host/ go on the host, and whether they are programs. By suffix: what an
# editor or a file manager leaves beside them would change the user data, and replace the host.
_FOLDERS = {
    "bin/*.sh": ("/opt/allora/bin", True),
    "bin/*.py": ("/opt/allora/bin", True),
    "lib/*.sh": ("/opt/allora/lib", False),
    "systemd/*.service": ("/etc/systemd/system", False),
    "systemd/*.timer": ("/etc/systemd/system", False),
}


def host_user_data(settings: Settings, *, build_contexts_sha256: str | None) -> EncodedUserData:
    """The user data of a worker's host.

    Args:
        settings: what the host is to do.
        build_contexts_sha256: digest of the archive that it builds images from, if it builds any.

    Raises:
        SettingsError: it is more than EC2 takes.
    """
    text = render_user_data(
        [*_scripts(), *_configuration(settings, build_contexts_sha256 or "")],
        command="/opt/allora/bin/install.sh",
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
            yield HostFile(f"{destination}/{script.name}", _text(script), executable)
    yield HostFile("/opt/allora/compose.yaml", _text(_SCRIPTS / "compose.yaml"))


def _text(file: Path) -> str:
    return bare(file.name, file.read_text(encoding="utf-8"))


def _configuration(settings: Settings, build_contexts_sha256: str) -> Iterator[HostFile]:
    variables = {**_host_variables(settings), "BUILD_CONTEXTS_SHA256": build_contexts_sha256}
    yield HostFile("/etc/allora/host.env", render_environment(variables))
    yield HostFile("/etc/apt/apt.conf.d/52allora", _unattended_upgrades(settings.reboot_time))
    yield HostFile(
        "/etc/allora/compose.settings.json",
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
        "MODEL_SECRETS": " ".join(settings.model_secrets),
        "SECRETS_PREFIX": names.secrets_prefix,
        "LOG_GROUP_PREFIX": names.log_group_prefix,
        "BUILD_CONTEXTS_BUCKET": settings.state_bucket,
        "BUILD_CONTEXTS_REGION": settings.state_region,
        "BUILD_CONTEXTS_PREFIX": names.build_contexts_prefix,
        "WORKER_PORT": str(settings.worker_port),
        "MODEL_PORT": str(settings.model_port),
    }


def _unattended_upgrades(reboot_time: str) -> str:
    """When security updates come, and what happens then.

    https://documentation.ubuntu.com/server/how-to/software/automatic-updates/
    """
    never = reboot_time == "never"
    options = {
        "APT::Periodic::Update-Package-Lists": "1",
        "APT::Periodic::Unattended-Upgrade": "1",
        "Unattended-Upgrade::Automatic-Reboot": "false" if never else "true",
        "Unattended-Upgrade::Automatic-Reboot-Time": "04:30" if never else reboot_time,
        # Each kernel takes 200 MB, and an old one is of no use.
        "Unattended-Upgrade::Remove-Unused-Kernel-Packages": "true",
    }
    return "".join(f'{option} "{value}";\n' for option, value in options.items())


def _data_volume_kind(settings: Settings) -> str:
    if settings.data_volume:
        return "ebs"
    return "instance-store" if settings.data_volume_type == "instance-store" else "none"
