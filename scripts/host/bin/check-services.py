#!/usr/bin/python3
"""Check that worker and model each have an image or a Dockerfile."""

import json
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(os.environ.get("ALLORA_ROOT") or "/")
REMEDIES = {
    "worker": "Set ALLORA_WORKER_IMAGE",
    "model": "Set MODEL_IMAGE, or MODEL_REPO to a repository with a Dockerfile",
}


def problem(name: str, service: dict[str, Any]) -> str | None:
    """Return why the service cannot run and the remedy, or None."""
    remedy = f"{REMEDIES[name]}, then: allora deploy."
    build = service.get("build")
    if build is None:
        return None if service.get("image") else f"The {name} has no image. {remedy}"
    spec = {"context": build} if isinstance(build, str) else build
    dockerfile = Path(spec["context"]) / spec.get("dockerfile", "Dockerfile")
    if dockerfile.is_file():
        return None
    return f"The {name} has no image, and there is no {dockerfile} to build one. {remedy}"


def main() -> None:
    """Exit with the problems of both, if any."""
    services = json.loads((ROOT / "etc/allora/compose.settings.json").read_text())["services"]
    problems = [problem(name, services.get(name, {})) for name in REMEDIES]
    if any(problems):
        sys.exit(" ".join(filter(None, problems)))


if __name__ == "__main__":
    main()
