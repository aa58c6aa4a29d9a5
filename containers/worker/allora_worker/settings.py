"""The worker's settings: the only reader of the environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from . import contract
from .contract import Guard, InvalidValueError, Role
from .errors import CannotStartError
from .money import UALLO

T = TypeVar("T")


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
        fleet: The fleet that the worker belongs to; None on a single host.
        role: What it does.
        topic_ids: The topics it works in, all with one wallet.
        token: What the model server is asked for, such as BTC; None is each topic's own coin.
        inference_endpoint: URL template of an inference.
        forecast_endpoint: URL template of forecasts.
        ground_truth_endpoint: URL template of the ground truth.
        grpc_urls: The chain's gRPC endpoints, the preferred one first; none is the network's own.
        websocket_urls: The chain's websockets in the same way.
        boot_nodes: Addresses of head nodes, which this worker has no use for.
        secrets_dir: Directory with the files mnemonic, api-key and inference-token.
        state_dir: Directory for what outlives the process.
        fee_limits: What the wallet may pay.
        guard: What happens to a value that is off by orders of magnitude.
    """

    network: str
    worker_name: str
    role: Role
    topic_ids: tuple[int, ...]
    token: str | None
    inference_endpoint: str
    forecast_endpoint: str
    ground_truth_endpoint: str
    grpc_urls: tuple[str, ...]
    websocket_urls: tuple[str, ...]
    boot_nodes: str
    secrets_dir: Path
    state_dir: Path
    fee_limits: FeeLimits
    guard: Guard = Guard.WARN
    fleet: str | None = None

    @property
    def labels(self) -> dict[str, str]:
        """What tells the worker's metrics apart from others'."""
        fleet = {"Fleet": self.fleet} if self.fleet else {}
        return {"WorkerName": self.worker_name, **fleet}

    @property
    def model_endpoint(self) -> str:
        """The URL template that the role asks for what it submits."""
        return {
            Role.INFERER: self.inference_endpoint,
            Role.FORECASTER: self.forecast_endpoint,
            Role.REPUTER: self.ground_truth_endpoint,
        }[self.role]


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings from an environment. An empty variable counts as not set.

    Raises:
        CannotStartError: A variable is missing or wrong; names it, its value and the remedy.
    """
    values = {name: value.strip() for name, value in environ.items() if value.strip()}
    network = _choice(values, "ALLORA_NETWORK", (*contract.NETWORKS, contract.LOCAL_NETWORK))
    grpc_urls = _urls(values, "ALLORA_GRPC_URL", contract.grpc_urls)
    websocket_urls = _urls(values, "ALLORA_WEBSOCKET_URL", contract.websocket_urls)
    if network == contract.LOCAL_NETWORK and not (grpc_urls and websocket_urls):
        missing = "ALLORA_WEBSOCKET_URL" if grpc_urls else "ALLORA_GRPC_URL"
        raise CannotStartError(
            f"{missing} is not set", "ALLORA_NETWORK=local needs both ALLORA_GRPC_URL and "
            "ALLORA_WEBSOCKET_URL",
        )  # fmt: skip
    return Settings(
        network=network,
        worker_name=_read(values, "ALLORA_WORKER_NAME", contract.worker_name, "allora-worker"),
        role=Role(_choice(values, "ALLORA_WORKER_ROLE", tuple(Role), default=Role.INFERER)),
        topic_ids=_read(values, "ALLORA_WORKER_TOPIC_ID", contract.topic_ids),
        token=_optional(values, "ALLORA_WORKER_TOKEN", contract.token),
        inference_endpoint=_endpoint(values, "INFERENCE", contract.model_url("inference")),
        forecast_endpoint=_endpoint(
            values, "FORECAST", contract.model_url("forecast") + contract.AT_BLOCK
        ),
        ground_truth_endpoint=_endpoint(
            values, "GROUND_TRUTH", contract.model_url("ground-truth") + contract.AT_BLOCK
        ),
        grpc_urls=grpc_urls,
        websocket_urls=websocket_urls,
        boot_nodes=values.get("BOOT_NODES", ""),
        secrets_dir=Path(values.get("SECRETS_DIR", "/run/secrets")),
        state_dir=state_dir_of(values),
        fee_limits=_fee_limits(values),
        guard=Guard(_choice(values, "MODEL_GUARD", tuple(Guard), default=Guard.WARN)),
        fleet=_optional(values, "ALLORA_FLEET", contract.fleet_name),
    )


def state_dir_of(environ: Mapping[str, str]) -> Path:
    """Return the directory for what outlives the process; it may not exist."""
    return Path(environ.get("STATE_DIR", "").strip() or "/var/lib/allora")


def _read(values: Mapping[str, str], name: str, parse: Callable[[str], T], default: str = "") -> T:
    text = values.get(name, default)
    try:
        return parse(text)
    except InvalidValueError as error:
        problem = f"{name} is {text!r}, which {error.message}" if text else f"{name} is not set"
        raise CannotStartError(problem, error.remedy) from None


def _urls(
    values: Mapping[str, str], name: str, parse: Callable[[str], tuple[str, ...]]
) -> tuple[str, ...]:
    return _read(values, name, parse) if name in values else ()


def _optional(values: Mapping[str, str], name: str, parse: Callable[[str], str]) -> str | None:
    return _read(values, name, parse) if name in values else None


def _endpoint(values: Mapping[str, str], kind: str, default: str) -> str:
    return _read(values, f"ALLORA_WORKER_{kind}_ENDPOINT", contract.model_endpoint, default)


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


def _fee_limits(values: Mapping[str, str]) -> FeeLimits:
    a_transaction = _read(values, "ALLORA_MAX_FEE", contract.fee, contract.DEFAULT_MAX_FEE)

    def no_less(text: str) -> Decimal:
        return contract.daily_fees(contract.fee(text), a_transaction)

    a_day = _read(values, "ALLORA_MAX_DAILY_FEES", no_less, contract.DEFAULT_MAX_DAILY_FEES)
    return FeeLimits(int(a_transaction * UALLO), int(a_day * UALLO))
