"""The parts of a worker that write a log."""

from __future__ import annotations

from enum import StrEnum


class Part(StrEnum):
    """Whose log."""

    WORKER = "worker"
    MODEL = "model"
    BOOT = "boot"
