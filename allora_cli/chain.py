"""Ask the chain's REST API, without a key: about balances, topics and inferences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode

from allora_cli import json_api
from allora_cli.json_api import ApiError
from containers.worker.allora_worker.money import UALLO

EMISSIONS: Final = "emissions/v10"
"""The version of the chain's module that the worker's SDK uses."""

_SEVERAL: Final = "TOPIC_OUTPUT_ARITY_MULTI"
_NOT_FOUND: Final = 5
"""https://grpc.io/docs/guides/status-codes/"""


class ChainError(Exception):
    """No usable answer from the chain; the message is the end of a sentence."""


class OtherVersionError(ChainError):
    """The network does not have the SDK's version of the module."""


class NotFoundError(ChainError):
    """The chain does not have what was asked for."""


@dataclass(frozen=True)
class TopicSummary:
    """A topic of the network; `active` means that it asks its workers for inferences."""

    id: int
    name: str
    active: bool
    loss_method: str = ""
    has_labels: bool = False
    """Whether it takes a number for each of several labels."""


def balance(api_url: str, address: str) -> int:
    """Return a wallet's balance in uallo.

    Raises:
        ChainError: there is no usable answer.
    """
    query = urlencode({"denom": "uallo"})
    path = f"cosmos/bank/v1beta1/balances/{quote(address)}/by_denom?{query}"
    answer = ask(api_url, path)
    try:
        return natural(answer["balance"]["amount"])
    except (KeyError, TypeError, ValueError) as error:
        raise ChainError(f"{api_url} does not answer with a balance") from error


def height(api_url: str) -> int:
    """Return the newest block's height.

    Raises:
        ChainError: there is no usable answer.
    """
    answer = ask(api_url, "cosmos/base/tendermint/v1beta1/blocks/latest")
    try:
        return natural(answer["block"]["header"]["height"])
    except (KeyError, TypeError, ValueError) as error:
        raise ChainError(f"{api_url} does not answer with a block") from error


def natural(value: Any) -> int:  # noqa: ANN401 - any JSON
    """Return a number of an answer, which is not negative.

    Raises:
        TypeError, ValueError: it is none.
    """
    number = int(value)
    if number < 0:
        raise ValueError
    return number


def newest_submission(api_url: str, topic_id: int, role: str, address: str) -> int | None:
    """Return the nonce for which a wallet submitted last in a topic, or None.

    The average of its scores says it (GetInfererScoreEma and its like); inferences themselves are
    forgotten when their window closes.

    Raises:
        ChainError: there is no usable answer.
    """
    path = f"{EMISSIONS}/{role}_score_ema/{topic_id}/{quote(address)}"
    try:
        return int(ask(api_url, path)["score"]["block_height"]) or None
    except (KeyError, TypeError, ValueError) as error:
        raise ChainError(f"{api_url} does not answer with a score") from error


def find_topic(api_url: str, topic_id: int) -> TopicSummary | None:
    """Return a topic, or None if the network has no such topic.

    Raises:
        ChainError: there is no usable answer.
    """
    if not ask(api_url, f"{EMISSIONS}/topic_exists/{topic_id}").get("exists"):
        return None
    topic = ask(api_url, f"{EMISSIONS}/topics/{topic_id}").get("topic")
    active = ask(api_url, f"{EMISSIONS}/is_topic_active/{topic_id}").get("is_active")
    facts = topic if isinstance(topic, dict) else {}
    return TopicSummary(
        topic_id,
        str(facts.get("metadata") or ""),
        active=bool(active),
        loss_method=str(facts.get("loss_method") or ""),
        has_labels=facts.get("output_arity") == _SEVERAL,
    )


def allo(uallo: int) -> str:
    """Format an amount in ALLO: four decimals, or two significant digits below 1."""
    amount = Decimal(uallo) / UALLO
    places = 4 if amount >= 1 or not uallo else 1 - amount.adjusted()
    shown = f"{amount:.{max(places, 4)}f}"
    return shown.rstrip("0").rstrip(".") + " ALLO"


def ask(api_url: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what the API answers to GET, or to POST with a body.

    Raises:
        ChainError: there is no usable answer.
    """
    try:
        return json_api.ask(api_url, path, body)
    except ApiError as error:
        if error.status == HTTPStatus.NOT_IMPLEMENTED:
            raise OtherVersionError(f"{api_url} does not know {path}") from error
        kind = NotFoundError if error.code == _NOT_FOUND else ChainError
        raise kind(str(error)) from error
