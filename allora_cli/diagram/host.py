"""What an instance's user data says about the containers on it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from user_data.cloud_config import read_files

_VARIABLES: Final = "/etc/allora/host.env"
_COMPOSE: Final = "/etc/allora/compose.settings.json"


@dataclass(frozen=True)
class Host:
    """The files that configure a host.

    Attributes:
        variables: of `host.env`.
        services: of `compose.settings.json`, by container.
    """

    variables: Mapping[str, str]
    services: Mapping[str, Mapping[str, Any]]

    def worker(self, variable: str) -> str:
        """A variable in the worker's environment; empty when it is not set."""
        environment: Mapping[str, str] = self.services["worker"]["environment"]
        return environment.get(variable, "").replace("$$", "$")


def read_host(user_data_base64: str) -> Host:
    """Unpacks user data.

    Raises:
        ValueError: a file is not in it.
    """
    files = {file.path: file.content for file in read_files(user_data_base64)}
    for path in (_VARIABLES, _COMPOSE):
        if path not in files:
            raise ValueError(f"the user data has no {path}")
    lines = files[_VARIABLES].splitlines()
    variables = {name: "".join(shlex.split(value)) for name, _, value in map(_parts, lines)}
    return Host(variables, json.loads(files[_COMPOSE])["services"])


def _parts(line: str) -> tuple[str, str, str]:
    return line.partition("=")
