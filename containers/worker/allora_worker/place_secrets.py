"""Write secrets from the environment into files: `python -m allora_worker.place_secrets`.

For a task of ECS, which hands secrets to a container as variables, where every child process and
everybody who inspects the container would read them. This container ends before the others start,
and they mount its files. It imports nothing of the project, so that its text alone runs in any
image with Python.
"""

import os
from collections.abc import Mapping
from pathlib import Path

WORKER_UID = 10001
WORKER_FILES = Path("/run/allora/worker")
MODEL_FILES = Path("/run/allora/model")
WORKER_STATE = Path("/var/lib/allora")
WORKER_TMP = Path("/run/allora/tmp")

WORKER_VARIABLE = "SECRET_OF_WORKER_"
MODEL_VARIABLE = "SECRET_OF_MODEL_"


def place(variables: Mapping[str, str], root: Path = Path("/")) -> None:
    """Write each secret into the file of its name, for its container's user alone.

    The volumes are root's, who needs no more than the capabilities CHOWN and FOWNER.

    Args:
        variables: `SECRET_OF_WORKER_<name>` and `SECRET_OF_MODEL_<name>`.
        root: Where the folders are.
    """
    os.chown(root / WORKER_STATE.relative_to("/"), WORKER_UID, WORKER_UID)
    (root / WORKER_TMP.relative_to("/")).chmod(0o1777)  # as /tmp is
    for variable, value in variables.items():
        if variable.startswith(WORKER_VARIABLE):
            path = WORKER_FILES / variable.removeprefix(WORKER_VARIABLE)
            _write(root / path.relative_to("/"), value, mode=0o400, owner=WORKER_UID)
        elif variable.startswith(MODEL_VARIABLE):
            path = MODEL_FILES / variable.removeprefix(MODEL_VARIABLE)
            _write(root / path.relative_to("/"), value, mode=0o444, owner=0)


def _write(path: Path, value: str, *, mode: int, owner: int) -> None:
    """Write a file that nobody else can read at any moment."""
    draft = path.with_name(f".{path.name}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(value)
        os.fchown(descriptor, owner, owner)
        os.fchmod(descriptor, mode)
    draft.replace(path)


if __name__ == "__main__":
    place(os.environ)
