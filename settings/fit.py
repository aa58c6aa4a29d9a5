"""Whether a model serves what a topic asks for, as far as the settings tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from containers.model_server.model_server import settings as own_model
from containers.model_server.model_server.horizon import parse_horizon
from containers.model_server.model_server.task import CannotServeError, task_of
from containers.worker.allora_worker import contract
from containers.worker.allora_worker.topic_facts import Facts, Kind, token_for
from settings.example_model import is_example

_BRING_A_MODEL: Final = (
    "take another topic, or set MODEL_FORGE, MODEL_REPO or MODEL_IMAGE to a model for it"
)

MODEL_HOSTS: Final = ("model", "source", "inference")
"""The model server's host names in the containers' network."""

_TOPICS: Final = "ALLORA_WORKER_TOPIC_ID"
_ENVIRONMENT: Final = "MODEL_ENV_VARS"
_ENDPOINT: Final = "ALLORA_WORKER_INFERENCE_ENDPOINT"
_TELL_THE_TOPIC: Final = "remove ALLORA_WORKER_INFERENCE_ENDPOINT: the default tells the topic"


@dataclass(frozen=True)
class Misfit:
    """Why a model's answers are wrong in a topic."""

    message: str
    """The rest of a sentence about the topic."""
    remedy: str
    variable: str
    """The setting to change."""
    is_fatal: bool = True
    """Whether the answers are of no use, rather than less good than they could be."""
    is_hopeless: bool = False
    """Whether the model never has what the topic asks for."""


def runs_own_model(data: Mapping[str, Any]) -> bool:
    """Return whether the validated settings choose the project's own model; False if unknown."""
    sources = ("model_forge", "model_repo", "model_image")
    return all(data.get(source, "") is None for source in sources)


def _is_asked(data: Mapping[str, Any]) -> bool:
    """Return whether the worker asks the model of this deployment, and not another server."""
    is_reputer = data.get("worker_role") == contract.Role.REPUTER
    endpoint = data.get("ground_truth_endpoint" if is_reputer else "inference_endpoint")
    return endpoint is None or urlsplit(endpoint).hostname in MODEL_HOSTS


def _is_told_the_topic(data: Mapping[str, Any]) -> bool:
    endpoint = data.get("inference_endpoint") or contract.OF_TOPIC
    return "{TopicId}" in endpoint or "{Kind}" in endpoint


def unserved_kind(data: Mapping[str, Any], facts: Facts) -> Misfit | None:
    """Return why the model that the settings choose never has what a topic asks for, or None.

    None too for a model that nobody here knows.

    Args:
        data: Validated settings by field, at least those of the model.
        facts: What the topic asks for.
    """
    if not _is_asked(data):
        return None
    if runs_own_model(data):
        if data.get("worker_role") == contract.Role.REPUTER and facts.kind is not Kind.PRICE:
            return Misfit(
                f"asks for {facts}, and the project's own model knows the truth of prices alone",
                _BRING_A_MODEL,
                _TOPICS,
                is_hopeless=True,
            )
        try:
            task_of(facts.kind, facts.horizon)
        except CannotServeError:
            return Misfit(
                f"asks for {facts}, which the project's own model does not forecast",
                _BRING_A_MODEL,
                _TOPICS,
                is_hopeless=True,
            )
    if is_example(data.get("model_repo")) and facts.kind is not Kind.PRICE:
        return Misfit(
            f"asks for {facts}, and this model answers with a price",
            _BRING_A_MODEL,
            _TOPICS,
            is_hopeless=True,
        )
    return None


def misfit(data: Mapping[str, Any], topic_id: int, facts: Facts) -> Misfit | None:
    """Return why the model's answers are wrong in a topic, or None if nothing tells so.

    Args:
        data: Validated settings by field.
        topic_id: The topic.
        facts: What it asks for.
    """
    if not _is_asked(data):
        return None
    return (
        unserved_kind(data, facts)
        or _untold(data, facts)
        or _other_coin(data, facts)
        or _other_horizon(data, topic_id, facts)
    )


def _untold(data: Mapping[str, Any], facts: Facts) -> Misfit | None:
    if not runs_own_model(data) or facts.kind is Kind.PRICE or _is_told_the_topic(data):
        return None
    return Misfit(
        f"asks for {facts}, and the model is not told so: the endpoint has no {{TopicId}}",
        _TELL_THE_TOPIC,
        _ENDPOINT,
    )


def _other_coin(data: Mapping[str, Any], facts: Facts) -> Misfit | None:
    environment = data.get("model_env", {})
    asked = token_for(data.get("worker_token"), facts).upper()
    known = environment.get("TOKEN", asked)
    if is_example(data.get("model_repo")) and known.upper() != facts.token:
        return Misfit(
            f"asks for {facts}, and this model knows {known} alone",
            f'TOKEN="{facts.token}" in MODEL_ENV_VARS',
            _ENVIRONMENT,
        )
    if asked != facts.token and (runs_own_model(data) or is_example(data.get("model_repo"))):
        return Misfit(
            f"asks for {facts}, and the model is asked about {asked}",
            "remove ALLORA_WORKER_TOKEN: each topic then has its own coin",
            "ALLORA_WORKER_TOKEN",
        )
    return None


def _other_horizon(data: Mapping[str, Any], topic_id: int, facts: Facts) -> Misfit | None:
    environment, variable = data.get("model_env", {}), _ENVIRONMENT
    found: float | None
    if runs_own_model(data) and not _is_told_the_topic(data):
        found = own_model.read_settings(environment).horizon
        variable, remedy = _ENDPOINT, _TELL_THE_TOPIC
    elif runs_own_model(data):
        found = own_model.read_settings(environment).topic_horizons.get(topic_id)
        remedy = f"correct TOPIC_HORIZONS in MODEL_ENV_VARS: {topic_id}={facts.horizon}"
    elif is_example(data.get("model_repo")):
        found = _seconds(environment.get("TIMEFRAME", ""))
        remedy = f'TIMEFRAME="{facts.horizon}" in MODEL_ENV_VARS'
    else:
        return None
    if found is None or found == facts.horizon_seconds:
        return None
    message = f"asks for {facts}, and the model looks {found:,.0f} s ahead"
    return Misfit(message, remedy, variable, is_fatal=False)


def _seconds(horizon: str) -> float | None:
    try:
        return parse_horizon(horizon)
    except ValueError:
        return None
