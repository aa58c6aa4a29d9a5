"""The settings: environment variables, which user_data/compose.py writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_PORT = 8000

SECRETS = Path("/run/secrets")
"""Files with the model's own secrets."""


@dataclass(frozen=True)
class Settings:
    """Configuration of the server.

    Attributes:
        model: The pickle.
        sha256: Its digest; another file is not loaded.
        python: The minor version that it was saved with, such as 3.11.
        topic_id: The topic of the health check's prediction.
        port: The TCP port to listen on; 0 for any.
        load_seconds: The most that loading may take.
        predict_seconds: The most that a prediction may take, less than the worker waits.
        health_seconds: How long a prediction proves that the model works.
    """

    model: Path
    sha256: str
    python: str
    topic_id: int
    port: int
    load_seconds: float = 120.0
    predict_seconds: float = 15.0
    health_seconds: float = 300.0


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings of the environment."""
    return Settings(
        model=Path(environment.get("FORGE_FILE") or "/model/predict.pkl"),
        sha256=environment["FORGE_SHA256"],
        python=environment["FORGE_PYTHON"],
        topic_id=int(environment.get("FORGE_TOPIC_ID") or 0),
        port=int(environment.get("FORGE_PORT") or DEFAULT_PORT),
    )


def secrets_of(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the model's secrets as variables: the kit's models read ALLORA_API_KEY, not a file.

    Each comes from the file that `<NAME>_FILE` names below `/run/secrets`.
    """
    secrets = {}
    for variable, value in environment.items():
        name = variable[: -len("_FILE")]
        file = SECRETS / name
        if variable == f"{name}_FILE" and name and Path(value) == file and file.is_file():
            secrets[name] = file.read_text("utf-8").strip("\n")
    return secrets
