"""Render the compose file with a deployment's images and environment."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from settings import Settings
from settings.command_words import command_words
from settings.requirements import names_of, need_git
from user_data.archive import FORGE_CONTEXT, FORGE_MODEL
from user_data.environments import model_variables, worker_variables

_CONTEXTS = "/opt/allora/build-contexts"
_MODEL_CHECKOUT = "/var/lib/allora/model"
_FORGE_IN_THE_ARCHIVE = f"/opt/allora/{FORGE_MODEL}"
_FORGE_FETCHED = "/var/lib/allora/forge"

_SYSTEM_PACKAGES = {"lightgbm": "libgomp1"}
"""Debian's packages by Python's, whose wheels expect them
(https://github.com/lightgbm-org/LightGBM/blob/master/docs/FAQ.rst)."""


def compose_settings(settings: Settings) -> dict[str, Any]:
    """Return the compose file that is merged into `scripts/host/compose.yaml`."""
    return {
        "services": {
            "worker": {
                **_worker_image(settings),
                "environment": _literal(worker_variables(settings)),
            },
            "model": {
                **_model_image(settings),
                "environment": _literal(model_variables(settings)),
            },
        }
    }


def _worker_image(settings: Settings) -> dict[str, Any]:
    if settings.worker_image:
        return {"image": settings.worker_image}
    arguments = {
        "PYTHON_IMAGE": settings.python_image,
        "ALLORA_SDK_VERSION": settings.sdk_version,
    }
    return {"build": {"context": f"{_CONTEXTS}/worker", "args": arguments}}


def _model_image(settings: Settings) -> dict[str, Any]:
    command = _command(settings.model_command) if settings.model_command else {}
    if settings.model_image:
        return {"image": settings.model_image, **command}
    if settings.model_forge:
        return _forge_server(settings)
    if settings.model_repo:
        return {"build": {"context": _MODEL_CHECKOUT}, **command}
    arguments = {"PYTHON_IMAGE": settings.python_image}
    return {
        "build": {"context": f"{_CONTEXTS}/model_server", "args": arguments},
        "read_only": True,
        **command,
    }


def _forge_server(settings: Settings) -> dict[str, Any]:
    requirements = settings.model_requirements
    names = set(names_of(requirements))
    packages = [package for name, package in _SYSTEM_PACKAGES.items() if name in names]
    packages += ["git"] if need_git(requirements) else []
    return {
        "build": {
            "context": f"/opt/allora/{FORGE_CONTEXT}",
            "args": {
                "FORGE_PYTHON_IMAGE": _python_image(
                    settings.python_image, settings.model_python or ""
                ),
                "SYSTEM_PACKAGES": " ".join(packages),
            },
        },
        "read_only": True,
        "tmpfs": ["/tmp:size=256m,mode=1777"],  # noqa: S108 - in the container
        "volumes": [
            {
                "type": "bind",
                "source": _FORGE_IN_THE_ARCHIVE if settings.forge_file else _FORGE_FETCHED,
                "target": "/model",
                "read_only": True,
                "bind": {"create_host_path": False},
            }
        ],
        # So that a comparison of two hosts sees a change of the file's content.
        "labels": {REQUIREMENTS_LABEL: _digest("\n".join(requirements))},
    }


REQUIREMENTS_LABEL = "allora.model-requirements"


def _python_image(image: str, python: str) -> str:
    """Return the reference with the tag of another minor version, and without a digest."""
    name, _, _ = image.partition("@")
    repository, _, tag = name.rpartition(":")
    if tag == python or tag.startswith((f"{python}-", f"{python}.")):
        return image
    return f"{name if '/' in tag or not repository else repository}:{python}-slim"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _command(command: str) -> dict[str, Any]:
    """Return the command in words: Compose would split a text by rules of its own."""
    return {"command": [_escape(word) for word in command_words(command)]}


def _literal(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: _escape(value) for name, value in variables.items()}


def _escape(value: str) -> str:
    """Escape `$` for Compose.

    https://docs.docker.com/reference/compose-file/interpolation/
    """
    return value.replace("$", "$$")
