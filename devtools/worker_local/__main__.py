"""`make worker-local`: the host's compose file on this computer, with a fake chain.

It takes the model's settings from `.env` when there is one; AWS is not needed and not touched.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import typer

from containers.worker.allora_worker.contract import Secret
from containers.worker.allora_worker.topic_facts import known_topics
from devtools.worker_local.forge import forge_build, forge_mount
from settings import Settings, SettingsError, load_settings
from shared.any_locale import print_in_any_locale
from user_data.compose import compose_settings

ROOT = Path(__file__).resolve().parent.parent.parent
CONTAINERS = ROOT / "containers"
DEVTOOLS = ROOT / "devtools"
STATE = ROOT / ".local" / "worker"
SECRETS = STATE / "secrets"
WORKER_STATE = STATE / "state"

# The public test vector of BIP-39. No chain but the fake one has anything for it.
# https://github.com/trezor/python-mnemonic/blob/master/vectors.json
MNEMONIC = "abandon " * 11 + "about\n"

# Nothing is deployed, so these two need no true values.
ANY_ACCOUNT = {"AWS_ACCOUNT_ID": "000000000000", "AWS_REGION": "us-east-1"}

# A window of 20 seconds, every 30 seconds.
_CHAIN = [
    *("python", "-m", "fake_chain", "--bind", "0.0.0.0"),  # noqa: S104 - in its container
    *("--block-seconds", "2", "--window-blocks", "10", "--epoch-blocks", "15"),
]

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.command()
def up(
    model: str = typer.Option("", help="A folder with your model's Dockerfile."),
    labels: str = typer.Option("", help="The topics' labels, with commas between them."),
) -> None:
    """Build and start model, worker and chain; Ctrl-C stops them."""
    settings = _settings()
    _write_secrets(settings)
    WORKER_STATE.mkdir(exist_ok=True)
    WORKER_STATE.chmod(0o777)  # the container's user is another one
    services = _services(settings, _model_folder(model), labels)
    (STATE / "compose.settings.json").write_text(json.dumps({"services": services}, indent=1))
    print(_WHAT_TO_SEE.format(port=settings.worker_port))
    # A Ctrl-C reaches docker compose too, which stops the containers and ends.
    raise typer.Exit(_compose(settings, "up", "--build", "--remove-orphans", "--menu=false"))


@app.command()
def down() -> None:
    """Remove the containers and their network."""
    settings = _settings()
    if not (STATE / "compose.settings.json").exists():
        print("Nothing was started here.")
        return
    raise typer.Exit(_compose(settings, "down", "--remove-orphans"))


_WHAT_TO_SEE = """\
Worker, model server and a fake chain on this computer; nothing touches AWS or Allora.
  The chain opens a window every 30 seconds. It prints every inference that it receives, and
  a minute later its score and reward beside two invented inferers.
  Your model answers a number; with LABELS=up,down an object: {{"up": 0.6, "down": 0.4}}.
  The worker's state:  curl http://127.0.0.1:{port}/health
  Ctrl-C stops everything.
"""


def _settings() -> Settings:
    try:
        return load_settings(environ={**ANY_ACCOUNT, **os.environ})
    except SettingsError as error:
        sys.exit(str(error))


def _model_folder(model: str) -> Path | None:
    if not model:
        return None
    folder = Path(model).expanduser().resolve()
    if not (folder / "Dockerfile").is_file():
        sys.exit(f"MODEL: {folder} has no Dockerfile. Name the folder of your model server.")
    return folder


def _write_secrets(settings: Settings) -> None:
    """Write what comes from SSM Parameter Store on a host."""
    for part in ("worker", "model"):
        (SECRETS / part).mkdir(parents=True, exist_ok=True)
    (SECRETS / "worker" / Secret.MNEMONIC).write_text(MNEMONIC)
    for name in settings.model_secrets:
        file = SECRETS / "model" / name
        if not file.exists():
            print(f"MODEL_SECRETS: your model gets no {name}. Write it to {file.relative_to(ROOT)}")


def _services(settings: Settings, model: Path | None, labels: str) -> dict[str, Any]:
    services: dict[str, Any] = compose_settings(settings)["services"]
    ours = {
        "context": str(CONTAINERS / "worker"),
        "args": {
            "PYTHON_IMAGE": settings.python_image,
            "ALLORA_SDK_VERSION": settings.sdk_version,
        },
    }
    topics = [flag for topic in settings.topic_ids for flag in ("--topic", str(topic))]
    behaviour = json.dumps({"topics": _topics(settings, labels)})
    services["chain"] = {"build": ours, "command": [*_CHAIN, *topics, "--behaviour", behaviour]}
    if "build" in services["worker"]:
        services["worker"]["build"] = ours
    services["worker"]["environment"] |= {
        "ALLORA_NETWORK": "local",
        "ALLORA_GRPC_URL": "grpc+http://chain:9090",
        "ALLORA_WEBSOCKET_URL": "ws://chain:26657/websocket",
    }
    services["model"] = _without_source(services["model"]) if model else services["model"]
    services["model"] |= _model_source(settings, model)
    return services


def _without_source(service: dict[str, Any]) -> dict[str, Any]:
    """Return what a model of the user's own gets, whatever the settings choose."""
    return {name: service[name] for name in ("command", "environment") if name in service}


def _topics(settings: Settings, labels: str) -> dict[int, dict[str, Any]]:
    """Return how the chain plays the topics.

    Their names are the network's, as far as those are known.

    Args:
        settings: Whose topics.
        labels: With commas between them; "" for topics that take one number.
    """
    known = known_topics().topics[settings.allora_network]
    names = [name.strip() for name in labels.split(",") if name.strip()]
    return {
        topic: {
            **({"metadata": known[topic].name} if topic in known else {}),
            **({"labels": names} if names else {}),
        }
        for topic in settings.topic_ids
    }


def _model_source(settings: Settings, model: Path | None) -> dict[str, Any]:
    if model:
        return {"build": {"context": str(model)}}
    if settings.model_forge:
        return {"build": forge_build(settings, STATE), "volumes": [forge_mount(settings, STATE)]}
    if settings.model_image:
        return {}
    if settings.model_repo:
        # https://docs.docker.com/build/concepts/context/#git-repositories
        reference = f"#{settings.model_ref}" if settings.model_ref else ""
        return {"build": {"context": f"{settings.model_repo.removesuffix('.git')}.git{reference}"}}
    return {
        "build": {
            "context": str(CONTAINERS / "model_server"),
            "args": {"PYTHON_IMAGE": settings.python_image},
        }
    }


def _docker_with_compose() -> str:
    """Return the path of docker; end the program if it, or its compose plugin, is missing."""
    docker = shutil.which("docker")
    if docker is None:
        sys.exit("Docker is needed: https://docs.docker.com/get-started/get-docker/")
    probe = [docker, "compose", "version"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        sys.exit(
            "Docker's compose plugin is needed, which `docker compose version` does not find: "
            "https://docs.docker.com/compose/install/linux/"
        )
    return docker


def _compose(settings: Settings, *arguments: str) -> int:
    docker = _docker_with_compose()
    files = [
        ROOT / "scripts" / "host" / "compose.yaml",
        STATE / "compose.settings.json",
        DEVTOOLS / "worker_local" / "compose.yaml",
    ]
    command = [docker, "compose", "--project-name", "allora-local"]
    for file in files:
        command += ["--file", str(file)]
    environment = {
        **os.environ,
        "SECRETS_DIR": str(SECRETS),
        "WORKER_STATE_DIR": str(WORKER_STATE),
        "FAKE_CHAIN": str(DEVTOOLS / "fake_chain"),
        "WORKER_PORT": str(settings.worker_port),
        "MODEL_PORT": str(settings.model_port),
        "MODEL_MEMORY": "4g",
        # For the host's log driver, which is not used here.
        "AWS_REGION": "",
        "LOG_GROUP_PREFIX": "",
        "INSTANCE_ID": "",
    }
    try:
        return subprocess.run([*command, *arguments], env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    print_in_any_locale()
    app()
