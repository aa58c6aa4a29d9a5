"""Whether a model serves what a topic asks for, as far as the settings tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from containers.model_server.model_server import settings as own_model
from containers.model_server.model_server.horizon import parse_horizon
from containers.model_server.model_server.task import CannotServeError, task_of
from containers.worker.allora_worker import contract
from containers.worker.allora_worker.topic_facts import Facts, Kind
from settings.example_model import is_example

_BRING_A_MODEL: Final = (
    "take another topic, or set MODEL_FORGE, MODEL_REPO or MODEL_IMAGE to a model for it"
)

_TOPICS: Final = "ALLORA_WORKER_TOPIC_ID"
_ENVIRONMENT: Final = "MODEL_ENV_VARS"


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


def runs_own_model(data: Mapping[str, Any]) -> bool:
    """Return whether the validated settings choose the project's own model; False if unknown."""
    sources = ("model_forge", "model_repo", "model_image")
    return all(data.get(source, "") is None for source in sources)


def token_for(token: str | None, facts: Facts | None) -> str:
    """Return what the model is asked about in a topic, as the worker chooses it.

    Args:
        token: ALLORA_WORKER_TOKEN, if it is set.
        facts: What the topic asks for, if that is known.
    """
    return token or (facts.token if facts else contract.DEFAULT_TOKEN)


def unserved_kind(data: Mapping[str, Any], facts: Facts) -> Misfit | None:
    """Return why the model that the settings choose never has what a topic asks for, or None.

    None too for a model that nobody here knows.

    Args:
        data: Validated settings by field, at least those of the model.
        facts: What the topic asks for.
    """
    if runs_own_model(data):
        if data.get("worker_role") == contract.Role.REPUTER and facts.kind is not Kind.PRICE:
            return Misfit(
                f"asks for {facts}, and the project's own model knows the truth of prices alone",
                _BRING_A_MODEL,
                _TOPICS,
            )
        try:
            task_of(facts.kind, facts.horizon)
        except CannotServeError:
            return Misfit(
                f"asks for {facts}, which the project's own model does not forecast",
                _BRING_A_MODEL,
                _TOPICS,
            )
    if is_example(data.get("model_repo")) and facts.kind is not Kind.PRICE:
        return Misfit(
            f"asks for {facts}, and this model answers with a price",
            _BRING_A_MODEL,
            _TOPICS,
        )
    return None


def misfit(data: Mapping[str, Any], topic_id: int, facts: Facts) -> Misfit | None:
    """Return why the model's answers are wrong in a topic, or None if nothing tells so.

    Args:
        data: Validated settings by field.
        topic_id: The topic.
        facts: What it asks for.
    """
    if unserved := unserved_kind(data, facts):
        return unserved
    return _other_coin(data, facts) or _other_horizon(data, topic_id, facts)


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
    environment = data.get("model_env", {})
    if runs_own_model(data):
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
    return Misfit(message, remedy, _ENVIRONMENT, is_fatal=False)


def _seconds(horizon: str) -> float | None:
    try:
        return parse_horizon(horizon)
    except ValueError:
        return None
