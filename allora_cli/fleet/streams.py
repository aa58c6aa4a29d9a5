"""The log streams of a fleet: `<worker>/<container>/<task id>`."""

from __future__ import annotations

from typing import NamedTuple

_UNKNOWN = "?"


class Stream(NamedTuple):
    """Whose lines are in a stream."""

    worker: str
    container: str
    task_id: str

    @classmethod
    def of(cls, name: str) -> Stream:
        """Return what a stream's name says; a question mark for what it does not."""
        return cls(*[*name.split("/"), *[_UNKNOWN] * 3][:3])

    def as_dict(self) -> dict[str, str]:
        """Return the names and values that JSON has."""
        return {"worker_name": self.worker, "container": self.container, "task_id": self.task_id}


def prefix_of(worker: str, container: str = "") -> str:
    """Return the beginning of the names of a worker's streams."""
    return f"{worker}/{container}/" if container else f"{worker}/"
