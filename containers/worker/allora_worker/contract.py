"""What the worker and its deployment agree on: variables, their forms and defaults, port, secrets.

The worker reads its environment with these functions, and the deployment's settings check with
them: what one accepts, the other does. Each takes the text and raises `InvalidValueError`. Only the
standard library is imported, because the SDK is not installed where the settings are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from typing import Final
from urllib.parse import SplitResult, urlsplit

from .urls import without_query

PORT: Final = 9010
"""The worker's TCP port in its container."""

MODEL_PORT: Final = 8000
"""The model server's TCP port, unless it is set."""

NETWORKS: Final = ("testnet", "mainnet")
LOCAL_NETWORK: Final = "local"
"""A chain without endpoints of its own."""

FAUCET: Final = "https://faucet.testnet.allora.network/"
"""The page with test coins."""

DEFAULT_TOKEN: Final = "BTC"  # noqa: S105 - a coin
"""Of a topic whose coin is not known."""
DEFAULT_MAX_FEE: Final = "0.01"
DEFAULT_MAX_DAILY_FEES: Final = "1"
"""In ALLO."""

PLACEHOLDERS: Final = ("{Token}", "{TopicId}", "{BlockHeight}", "{Kind}", "{Horizon}")
"""What the worker replaces in the URLs of the model server."""

AT_BLOCK: Final = "?topic_id={TopicId}&block_height={BlockHeight}"
"""The query of a URL that asks about one block."""

OF_TOPIC: Final = "?topic_id={TopicId}&kind={Kind}&horizon={Horizon}"
"""The query that tells the project's own model what the topic asks for."""

_MAX_TOPIC_ID: Final = 2**64 - 1  # an unsigned 64-bit number on the chain


class Role(StrEnum):
    """What the worker does in its topics."""

    INFERER = "inferer"
    FORECASTER = "forecaster"
    REPUTER = "reputer"


class Secret(StrEnum):
    """The worker's secrets: names of its SSM parameters, and of its files in SECRETS_DIR."""

    MNEMONIC = "mnemonic"
    API_KEY = "api-key"
    INFERENCE_TOKEN = "inference-token"  # noqa: S105 - its name


class Guard(StrEnum):
    """What the worker does with a value that is off by orders of magnitude."""

    WARN = "warn"
    HOLD = "hold"
    """It does not submit."""
    OFF = "off"
    """It does not ask what the network says."""


class InvalidValueError(ValueError):
    """A variable has a value that the worker cannot use.

    Args:
        message: What is wrong, as the rest of a sentence that begins with the value.
        remedy: What to write instead.
    """

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message}; {remedy}")
        self.message = message
        self.remedy = remedy


def model_url(path: str, port: int = MODEL_PORT) -> str:
    """Return the template of a URL of the model server, such as the one for `inference`."""
    return f"http://model:{port}/{path}/{{Token}}"


def topic_ids(text: str) -> tuple[int, ...]:
    """Read the ids of topics, separated by commas."""
    items = [item.strip() for item in text.split(",")]
    # int() alone would take "1_000" and the digits of other scripts.
    ids = tuple(int(item) if re.fullmatch(r"[0-9]{1,20}", item) else 0 for item in items)
    if not all(1 <= id_ <= _MAX_TOPIC_ID for id_ in ids):
        raise InvalidValueError(
            f"is not a list of topic ids, whole numbers from 1 to {_MAX_TOPIC_ID}",
            "ALLORA_WORKER_TOPIC_ID=69, or several with commas between them",
        )
    for id_, count in Counter(ids).items():
        if count > 1:
            raise InvalidValueError(f"has topic {id_} twice", "list each topic once")
    return ids


def worker_name(text: str) -> str:
    """Check the name of a worker."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}", text):
        raise InvalidValueError(
            "is not a name for a worker: at most 32 letters, digits and . _ -, a letter or digit "
            "first",
            "ALLORA_WORKER_NAME=my-worker",
        )
    return text


def fleet_name(text: str) -> str:
    """Check the name of a fleet."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", text):
        raise InvalidValueError(
            "is not a name for a fleet: at most 64 letters, digits and . _ -, a letter or digit "
            "first",
            "ALLORA_FLEET=my-fleet",
        )
    return text


def token(text: str) -> str:
    """Check what the model server is asked about."""
    # Dots alone would lead to another path.
    if not re.fullmatch(r"(?!\.+\Z)[A-Za-z0-9._-]{1,64}", text):
        raise InvalidValueError(
            "is not a token: at most 64 letters, digits and . _ -, and not dots alone",
            f"ALLORA_WORKER_TOKEN={DEFAULT_TOKEN}",
        )
    return text


def model_endpoint(text: str) -> str:
    """Check the template of a URL that the worker asks the model server at."""
    bare = text
    for placeholder in PLACEHOLDERS:
        bare = bare.replace(placeholder, "x")
    if "{" in bare or "}" in bare:
        raise InvalidValueError(
            "has an unknown placeholder", f"the known ones are {', '.join(PLACEHOLDERS)}"
        )
    url(bare, ("http", "https"), example=model_url("inference"))
    return text


def grpc_urls(text: str) -> tuple[str, ...]:
    """Read the chain's gRPC endpoints, as the SDK takes them, the preferred one first."""
    return _list_of(text, grpc_url)


def websocket_urls(text: str) -> tuple[str, ...]:
    """Read the websockets of the chain's RPC, the preferred one first."""
    return _list_of(text, websocket_url)


def _list_of(text: str, check: Callable[[str], str]) -> tuple[str, ...]:
    """Read values that are separated by commas, each once."""
    values = tuple(check(item.strip()) for item in text.split(","))
    for value, count in Counter(values).items():
        if count > 1:
            raise InvalidValueError(f"has {without_query(value)} twice", "list each address once")
    return values


def grpc_url(text: str) -> str:
    """Check a gRPC endpoint of the chain."""
    example = "grpc+https://allora-grpc.testnet.allora.network:443"
    parts = url(text, ("grpc+https", "grpc+http"), example=example)
    if parts.path.strip("/") or parts.query:
        raise InvalidValueError("has a path, which gRPC has no use for", f"as in {example}")
    return text


def websocket_url(text: str) -> str:
    """Check a websocket of the chain's RPC."""
    url(text, ("wss", "ws"), example="wss://allora-rpc.testnet.allora.network/websocket")
    return text


def url(text: str, schemes: tuple[str, ...], *, example: str) -> SplitResult:
    """Split a URL with one of these schemes."""
    remedy = f"as in {example}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise InvalidValueError("is not a URL", remedy) from None
    if parts.scheme not in schemes:
        raise InvalidValueError(
            f"does not begin with {' or '.join(f'{scheme}://' for scheme in schemes)}", remedy
        )
    if (
        not parts.hostname
        or port == 0
        or parts.fragment
        or not re.fullmatch(r"[A-Za-z0-9.-]+|[0-9a-f:.]+", parts.hostname)
        or not re.fullmatch(r"[!-~]+", text)
        or re.search(r"[\"'`<>\\^|]", text)
    ):
        raise InvalidValueError("is not a complete URL", remedy)
    return parts


def amount_of_allo(text: str) -> Decimal:
    """Read an amount of ALLO, as exact as the chain counts it."""
    if not re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,18})?", text):
        raise InvalidValueError(
            "is not an amount of ALLO",
            "a number with at most 18 digits after the point, as in 0.5",
        )
    return Decimal(text)


def fee(text: str) -> Decimal:
    """Read a limit of fees in ALLO, above 0."""
    amount = amount_of_allo(text)
    if not amount:
        raise InvalidValueError("allows no fee", "an amount of ALLO above 0, as in 0.01")
    return amount


def daily_fees(a_day: Decimal, a_transaction: Decimal) -> Decimal:
    """Return the limit of a day's fees, in ALLO."""
    if a_day < a_transaction:
        raise InvalidValueError(
            f"is less than ALLORA_MAX_FEE ({a_transaction:f}), what one transaction may cost",
            f"set it to {a_transaction:f} or more, or lower ALLORA_MAX_FEE",
        )
    return a_day
