"""Look up a package's version once: each generated module asks for that of `typeguard`."""

import importlib.metadata
from functools import cache


def look_up_once() -> None:
    """Keep the answers of `importlib.metadata.version`. A synth installs no packages."""
    importlib.metadata.version = cache(importlib.metadata.version)
