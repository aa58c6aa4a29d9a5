"""The worker's settings: the only reader of the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from .errors import CannotStartError
from .money import UALLO

# Not of dots alone: in a URL's path, those lead to another one.
TOKEN_PATTERN: Final = re.compile(r"(?!\.+\Z)[A-Za-z0-9._-]{1,64}")
_PLACEHOLDERS: Final = {"{Token}", "{TopicId}", "{BlockHeight}"}
_AT_BLOCK: Final = "/{Token}?topic_id={TopicId}&block_height={BlockHeight}"


class Role(StrEnum):
    """What the worker does in its topics."""

    INFERER = "inferer"
    FORECASTER = "forecaster"
    REPUTER = "reputer"


@dataclass(frozen=True)
class FeeLimits:
    """The operator's limits, in uallo.

    Args:
        a_transaction: The highest fee of one transaction (ALLORA_MAX_FEE).
        a_day: The highest sum in 24 hours (ALLORA_MAX_DAILY_FEES).
    """

    a_transaction: int
    a_day: int


@dataclass(frozen=True)
class Settings:
    """What the worker was configured with; every value is checked.

    Args:
        network: `testnet`, `mainnet` or `local`.
        worker_name: Names the worker in logs and metrics.
        role: What it does.
        topic_ids: The topics it works in, all with one wallet.
        token: What the model server is asked for, such as BTC.
        inference_endpoint: URL template of an inference.
        forecast_endpoint: URL template of forecasts.
        ground_truth_endpoint: URL template of the ground truth.
        grpc_url: The chain's gRPC endpoint; None is the network's own.
        websocket_url: The chain's websocket; None is the network's own.
        boot_nodes: Addresses of head nodes, which this worker has no use for.
        secrets_dir: Directory with the files mnemonic, api-key and inference-token.
        state_dir: Directory for what outlives the process.
        fee_limits: What the wallet may pay.
    """

    network: str
    worker_name: str
    role: Role
    topic_ids: tuple[int, ...]
    token: str
    inference_endpoint: str
    forecast_endpoint: str
    ground_truth_endpoint: str
    grpc_url: str | None
    websocket_url: str | None
    boot_nodes: str
    secrets_dir: Path
    state_dir: Path
    fee_limits: FeeLimits

    @property
    def model_endpoint(self) -> str:
        """The URL template that the role asks for what it submits."""
        return {
            Role.INFERER: self.inference_endpoint,
            Role.FORECASTER: self.forecast_endpoint,
            Role.REPUTER: self.ground_truth_endpoint,
        }[self.role]


def load_settings(environ: Mapping[str, str]) -> Settings:
    """The settings in an environment. An empty variable counts as not set.

    Raises:
        CannotStartError: A variable is missing or wrong; names it, its value and the remedy.
    """
    values = {name: value.strip() for name, value in environ.items() if value.strip()}
    network = _choice(values, "ALLORA_NETWORK", ("testnet", "mainnet", "local"))
    grpc_url = _url(values, "ALLORA_GRPC_URL", ("grpc+https", "grpc+http"))
    websocket_url = _url(values, "ALLORA_WEBSOCKET_URL", ("wss", "ws"))
    if network == "local" and not (grpc_url and websocket_url):
        missing = "ALLORA_WEBSOCKET_URL" if grpc_url else "ALLORA_GRPC_URL"
        raise CannotStartError(
            f"{missing} is not set", "ALLORA_NETWORK=local needs both ALLORA_GRPC_URL and "
            "ALLORA_WEBSOCKET_URL",
        )  # fmt: skip
    return Settings(
        network=network,
        worker_name=values.get("ALLORA_WORKER_NAME", "allora-worker"),
        role=Role(_choice(values, "ALLORA_WORKER_ROLE", tuple(Role), default=Role.INFERER)),
        topic_ids=_topic_ids(values),
        token=_token(values),
        inference_endpoint=_endpoint(
            values, "ALLORA_WORKER_INFERENCE_ENDPOINT", "http://model:8000/inference/{Token}"
        ),
        forecast_endpoint=_endpoint(
            values, "ALLORA_WORKER_FORECAST_ENDPOINT", "http://model:8000/forecast" + _AT_BLOCK
        ),
        ground_truth_endpoint=_endpoint(
            values,
            "ALLORA_WORKER_GROUND_TRUTH_ENDPOINT",
            "http://model:8000/ground-truth" + _AT_BLOCK,
        ),
        grpc_url=grpc_url,
        websocket_url=websocket_url,
        boot_nodes=values.get("BOOT_NODES", ""),
        secrets_dir=Path(values.get("SECRETS_DIR", "/run/secrets")),
        state_dir=state_dir_of(values),
        fee_limits=_fee_limits(values),
    )


def state_dir_of(environ: Mapping[str, str]) -> Path:
    """The directory for what outlives the process; there may be none."""
    return Path(environ.get("STATE_DIR", "").strip() or "/var/lib/allora")


def _choice(
    values: Mapping[str, str], name: str, choices: tuple[str, ...], default: str | None = None
) -> str:
    value = values.get(name, default)
    one_of = f"set it to one of {', '.join(choices)}"
    if value is None:
        raise CannotStartError(f"{name} is not set", one_of)
    if value not in choices:
        raise CannotStartError(f"{name} is {value!r}", one_of)
    return value


def _topic_ids(values: Mapping[str, str]) -> tuple[int, ...]:
    name = "ALLORA_WORKER_TOPIC_ID"
    remedy = "set it to a topic's number such as 69, or to several with commas between them"
    text = values.get(name)
    if text is None:
        raise CannotStartError(f"{name} is not set", remedy)
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch(r"[1-9][0-9]{0,17}", part) for part in parts):
        raise CannotStartError(f"{name} is {text!r}", remedy)
    if len(set(parts)) < len(parts):
        raise CannotStartError(f"{name} is {text!r}", "name each topic once")
    return tuple(int(part) for part in parts)


def _token(values: Mapping[str, str]) -> str:
    name = "ALLORA_WORKER_TOKEN"
    remedy = "set it to what the model server is asked for, such as BTC"
    value = values.get(name)
    if value is None:
        raise CannotStartError(f"{name} is not set", remedy)
    if not TOKEN_PATTERN.fullmatch(value):
        raise CannotStartError(f"{name} is {value!r}", remedy)
    return value


def _fee_limits(values: Mapping[str, str]) -> FeeLimits:
    a_transaction, a_day = "ALLORA_MAX_FEE", "ALLORA_MAX_DAILY_FEES"
    limits = FeeLimits(_uallo(values, a_transaction, "0.01"), _uallo(values, a_day, "1"))
    if limits.a_day < limits.a_transaction:
        raise CannotStartError(
            f"{a_day} is less than {a_transaction}: no transaction could have that fee",
            f"raise {a_day}, or lower {a_transaction}",
        )
    return limits


def _uallo(values: Mapping[str, str], name: str, default: str) -> int:
    text = values.get(name, default)
    is_amount = re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,18})?", text)
    if not is_amount or not Decimal(text):
        raise CannotStartError(
            f"{name} is {text!r}",
            "set it to an amount of ALLO above 0, with at most 18 digits after the point, such "
            f"as {default}",
        )
    return int(Decimal(text) * UALLO)


def _url(values: Mapping[str, str], name: str, schemes: tuple[str, ...]) -> str | None:
    value = values.get(name)
    if value is not None:
        _check_url(name, value, schemes)
    return value


def _endpoint(values: Mapping[str, str], name: str, default: str) -> str:
    value = values.get(name, default)
    _check_url(name, re.sub(r"\{\w+\}", "1", value), ("http", "https"), shown=value)
    unknown = set(re.findall(r"\{[^}]*\}?|\}", value)) - _PLACEHOLDERS
    if unknown:
        raise CannotStartError(
            f"{name} is {value!r}",
            f"its placeholders can be {', '.join(sorted(_PLACEHOLDERS))}, not "
            f"{', '.join(sorted(unknown))}",
        )
    return value


def _check_url(name: str, value: str, schemes: tuple[str, ...], shown: str | None = None) -> None:
    try:
        parts = urlsplit(value)
        valid = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise CannotStartError(
            f"{name} is {shown or value!r}",
            f"set it to a URL that begins with {' or '.join(f'{s}://' for s in schemes)}",
        )
