"""The tags that the stacks give everything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from settings import Settings
from shared.stacks import FLEET


def tags_of(settings: Settings, stack: str) -> dict[str, str]:
    """Return the tags of a stack's resources; what a fleet's workers share has no worker's name."""
    whose = {} if stack == FLEET else {"Worker": settings.worker_name}
    return {**whose, "Project": settings.name_prefix, "ManagedBy": "cdktf", "Stack": stack}


def has_tags_of(settings: Settings, stack: str, listed: Mapping[str, Any]) -> bool:
    """Return whether AWS lists those tags: another deployment may have the same names.

    Args:
        settings: the deployment's.
        stack: its id.
        listed: AWS's answer.
    """
    tags = {each["Key"]: each["Value"] for each in listed.get("Tags", [])}
    return tags_of(settings, stack).items() <= tags.items()
