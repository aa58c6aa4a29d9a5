"""A model of the Forge kit on this computer: what a host has of it."""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from settings import Settings
from user_data.archive import FORGE_CONTEXT, FORGE_FILE, FORGE_MODEL, host_archive
from user_data.compose import compose_settings

_SECONDS = 60  # without a byte


def forge_build(settings: Settings, state: Path) -> dict[str, Any]:
    """Unpack the host's archive, and return the build of its model server."""
    with tarfile.open(fileobj=io.BytesIO(host_archive(settings))) as archive:
        archive.extractall(state / "archive", filter="data")
    build: dict[str, Any] = compose_settings(settings)["services"]["model"]["build"]
    return {**build, "context": str(state / "archive" / FORGE_CONTEXT)}


def forge_mount(settings: Settings, state: Path) -> dict[str, Any]:
    """Return the mount of the model, which is fetched if it is not on this computer."""
    folder = state / "archive" / FORGE_MODEL if settings.forge_file else state / FORGE_MODEL
    if settings.forge_url:
        _fetch(settings, folder / FORGE_FILE)
    (mount,) = compose_settings(settings)["services"]["model"]["volumes"]
    return {**mount, "source": str(folder)}


def _fetch(settings: Settings, file: Path) -> None:
    if file.is_file() and _digest(file.read_bytes()) == settings.model_sha256:
        return
    try:
        content = _read(settings)
    except (OSError, HTTPException, BotoCoreError, ClientError) as error:
        sys.exit(f"MODEL_FORGE: {settings.model_forge} cannot be read: {error}")
    if _digest(content) != settings.model_sha256:
        sys.exit(f"MODEL_SHA256 is not that of {settings.model_forge}: {_digest(content)}")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def _read(settings: Settings) -> bytes:
    if found := settings.forge_object:
        session = boto3.Session(profile_name=settings.aws_profile, region_name=settings.aws_region)
        answer = session.client("s3").get_object(Bucket=found.bucket, Key=found.key)
        return bytes(answer["Body"].read())
    with urllib.request.urlopen(settings.forge_url or "", timeout=_SECONDS) as answer:  # noqa: S310
        return bytes(answer.read())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
