"""What Fargate refuses of a container, in the words of ECS's API.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

_MAY_BE_ADDED: Final = {"SYS_PTRACE"}
"""https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_KernelCapabilities.html"""

_LONGEST_STOP: Final = 120
"""Seconds that Fargate gives a container to stop."""


def refusals(container: Mapping[str, Any]) -> Iterator[str]:
    """Yield why Fargate does not run a container with this definition."""
    linux = container.get("linuxParameters", {})
    for name in ("tmpfs", "sharedMemorySize", "devices", "maxSwap", "swappiness"):
        if linux.get(name):
            yield f"Fargate has no {name}"
    for name in ("privileged", "links", "dockerSecurityOptions", "extraHosts"):
        if container.get(name):
            yield f"Fargate has no {name}"
    for added in set(linux.get("capabilities", {}).get("add", [])) - _MAY_BE_ADDED:
        yield f"Fargate adds no capability {added}"
    if container.get("stopTimeout", 0) > _LONGEST_STOP:
        yield f"Fargate's longest stopTimeout is {_LONGEST_STOP}"
