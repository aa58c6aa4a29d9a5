"""The environments of worker and model server, on a host and in a task."""

from __future__ import annotations

from settings import Settings


def worker_variables(settings: Settings) -> dict[str, str]:
    """Return the variables of the worker; its secrets are files."""
    return {
        "ALLORA_NETWORK": settings.allora_network,
        "ALLORA_WORKER_NAME": settings.worker_name,
        "ALLORA_WORKER_ROLE": settings.worker_role,
        "ALLORA_WORKER_TOPIC_ID": ",".join(map(str, settings.topic_ids)),
        "ALLORA_WORKER_TOKEN": _worker_token(settings),
        "ALLORA_WORKER_INFERENCE_ENDPOINT": settings.inference_endpoint,
        "ALLORA_WORKER_FORECAST_ENDPOINT": settings.forecast_endpoint,
        "ALLORA_WORKER_GROUND_TRUTH_ENDPOINT": settings.ground_truth_endpoint,
        "ALLORA_GRPC_URL": ",".join(settings.grpc_urls),
        "ALLORA_WEBSOCKET_URL": ",".join(settings.websocket_urls),
        "BOOT_NODES": settings.boot_nodes or "",
        "ALLORA_MAX_FEE": f"{settings.max_fee:f}",
        "ALLORA_MAX_DAILY_FEES": f"{settings.max_daily_fees:f}",
        "MODEL_GUARD": settings.model_guard,
    }


def model_variables(settings: Settings) -> dict[str, str]:
    """Return the user's variables, the files of secret ones, and our own model's defaults."""
    files = {f"{name}_FILE": f"/run/secrets/{name}" for name in settings.model_secrets}
    defaults = _own_model_variables(settings) if settings.runs_own_model else {}
    forge = _forge_variables(settings) if settings.model_forge else {}
    return {**defaults, **settings.model_env, **files, **forge}


def _forge_variables(settings: Settings) -> dict[str, str]:
    return {
        "FORGE_SHA256": settings.model_sha256 or "",
        "FORGE_PYTHON": settings.model_python or "",
        "FORGE_TOPIC_ID": str(settings.topic_ids[0]),
        "FORGE_PORT": str(settings.model_port),
    }


def _worker_token(settings: Settings) -> str:
    """Return the token that is set; our own worker finds each topic's, another one does not."""
    first = next(iter(settings.tokens.values()))
    return settings.worker_token or (first if settings.worker_image else "")


def _own_model_variables(settings: Settings) -> dict[str, str]:
    topics = [
        f"{topic_id}={facts.kind}:{facts.horizon}"
        for topic_id, facts in settings.topic_facts.items()
        if facts
    ]
    return {
        "TOKEN": next(iter(settings.tokens.values())),
        "TOPICS": ",".join(topics),
        "PORT": str(settings.model_port),
    }
