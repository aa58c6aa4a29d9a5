"""What an instance's user data says about the containers on it."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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
    text = gzip.decompress(base64.b64decode(user_data_base64)).decode()
    lines = _file(text, "/etc/allora/host.env").splitlines()
    variables = {name: "".join(shlex.split(value)) for name, _, value in map(_parts, lines)}
    compose = json.loads(_file(text, "/etc/allora/compose.settings.json"))
    return Host(variables, compose["services"])


def _parts(line: str) -> tuple[str, str, str]:
    return line.partition("=")


def _file(user_data: str, path: str) -> str:
    """A here-document (user_data/render.py)."""
    match = re.search(
        rf"^put \d+ {re.escape(path)} <<'(?P<end>\w+)'\n(?P<content>.*?)^(?P=end)$",
        user_data,
        re.DOTALL | re.MULTILINE,
    )
    if match is None:
        raise ValueError(f"the user data has no {path}")
    return match["content"]
