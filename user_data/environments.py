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
        "ALLORA_WORKER_TOKEN": settings.worker_token,
        "ALLORA_WORKER_INFERENCE_ENDPOINT": settings.inference_endpoint,
        "ALLORA_WORKER_FORECAST_ENDPOINT": settings.forecast_endpoint,
        "ALLORA_WORKER_GROUND_TRUTH_ENDPOINT": settings.ground_truth_endpoint,
        "ALLORA_GRPC_URL": settings.grpc_url or "",
        "ALLORA_WEBSOCKET_URL": settings.websocket_url or "",
        "BOOT_NODES": settings.boot_nodes or "",
        "ALLORA_MAX_FEE": f"{settings.max_fee:f}",
        "ALLORA_MAX_DAILY_FEES": f"{settings.max_daily_fees:f}",
    }


def model_variables(settings: Settings) -> dict[str, str]:
    """Return the user's variables, the files of secret ones, and our own model's defaults."""
    files = {f"{name}_FILE": f"/run/secrets/{name}" for name in settings.model_secrets}
    ours = {"TOKEN": settings.worker_token, "PORT": str(settings.model_port)}
    defaults = ours if settings.runs_own_model else {}
    return {**defaults, **settings.model_env, **files}
