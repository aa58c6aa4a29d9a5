#!/usr/bin/python3
"""Copy the host's secrets from SSM Parameter Store into memory-backed files.

    <SECRETS_PREFIX>/mnemonic, api-key, inference-token -> /run/allora/secrets/worker/
    <SECRETS_PREFIX>/model/<NAME>, for all MODEL_SECRETS -> /run/allora/secrets/model/

Each directory is mounted read-only at /run/secrets of its container, so optional files may be
missing and a new value shows at once. /run is in memory, and only root enters /run/allora/secrets.
Inside, only the worker's user reads the worker's files; the model's image may run as any user. No
argument, environment variable, log line or disk has a secret.
"""

import contextlib
import json
import os
import sys
import time
from pathlib import Path
from typing import NamedTuple, NoReturn

import aws

ROOT = Path(os.environ.get("ALLORA_ROOT") or "/")
SECRETS_DIR = ROOT / "run/allora/secrets"
BATCH = 10  # https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html
ATTEMPTS = int(os.environ.get("AWS_MAX_ATTEMPTS") or 5)


def need_operator(message: str) -> NoReturn:
    """Exit with a failure that a retry does not mend."""
    print(message, file=sys.stderr)
    sys.exit(os.EX_CONFIG)


class Secret(NamedTuple):
    """A parameter below SECRETS_PREFIX."""

    name: str
    """Relative to SECRETS_PREFIX, as in `allora secret set`."""
    required: bool = False

    @property
    def file_name(self) -> str:
        """Name of its file."""
        return self.name.rpartition("/")[2]


def worker_secrets() -> list[Secret]:
    """Return the worker's secrets; the user's own image may need no mnemonic."""
    settings = json.loads((ROOT / "etc/allora/compose.settings.json").read_text())
    ours = "build" in settings["services"].get("worker", {})
    return [Secret("mnemonic", required=ours), Secret("api-key"), Secret("inference-token")]


def model_secrets() -> list[Secret]:
    """Return the secrets of MODEL_SECRETS; exit if a name is invalid."""
    names = os.environ.get("MODEL_SECRETS", "").split()
    for name in names:
        if not name.isidentifier():
            need_operator(f"MODEL_SECRETS has '{name}', which is not the name of a variable.")
    return [Secret(f"model/{name}", required=True) for name in names]


def how_to_store(name: str) -> str:
    """Return the subcommand of `allora` that stores a secret."""
    return "wallet import" if name == "mnemonic" else f"secret set {name}"


def fetch(names: list[str]) -> dict[str, str]:
    """Return the decrypted values of the parameters that exist."""
    ssm = aws.Service("ssm", os.environ["AWS_REGION"])
    values = {}
    for start in range(0, len(names), BATCH):
        batch = {"Names": names[start : start + BATCH], "WithDecryption": True}
        answer = json.loads(ssm.call("AmazonSSM.GetParameters", batch))
        values.update({found["Name"]: found["Value"] for found in answer["Parameters"]})
    return values


def fetch_patiently(names: list[str]) -> dict[str, str]:
    """Fetch the parameters; try again after 2, 4, 8 and 16 s."""
    for attempt in range(1, ATTEMPTS):
        with contextlib.suppress(*aws.FAILURES):
            return fetch(names)
        time.sleep(2**attempt)
    return fetch(names)


def place(directory: Path, files: dict[str, str], *, owner: int, mode: int) -> None:
    """Replace a directory's files, but not the directory, which containers mount."""
    directory.mkdir(exist_ok=True)
    directory.chmod(0o755)
    for name, value in files.items():
        draft = directory / f".{name}"
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(value)
            os.fchown(file.fileno(), owner, -1)
            os.fchmod(file.fileno(), mode)
        draft.replace(directory / name)
    for path in directory.iterdir():
        if path.name not in files:
            path.unlink()


def main() -> None:
    """Fetch and place the secrets; exit if any are missing."""
    prefix = os.environ["SECRETS_PREFIX"]
    worker, model = worker_secrets(), model_secrets()
    try:
        values = fetch_patiently([f"{prefix}/{secret.name}" for secret in worker + model])
    except aws.FAILURES as error:
        region, reason = os.environ["AWS_REGION"], aws.reason(error)
        sys.exit(
            f"SSM Parameter Store in {region} does not give the secrets below {prefix}: {reason}. "
            "Check the instance's way to the internet; for permissions: allora deploy."
        )
    missing = [s.name for s in worker + model if s.required and f"{prefix}/{s.name}" not in values]
    if missing:
        need_operator(
            f"Secrets are missing below {prefix}. On your computer, run: "
            + " and ".join(f"allora {how_to_store(name)}" for name in missing)
        )

    def files(secrets: list[Secret]) -> dict[str, str]:
        present = [s for s in secrets if f"{prefix}/{s.name}" in values]
        return {s.file_name: values[f"{prefix}/{s.name}"] for s in present}

    SECRETS_DIR.mkdir(parents=True, exist_ok=True)
    SECRETS_DIR.chmod(0o700)
    worker_uid = int(os.environ.get("WORKER_UID") or 10001)
    place(SECRETS_DIR / "worker", files(worker), owner=worker_uid, mode=0o400)
    place(SECRETS_DIR / "model", files(model), owner=os.geteuid(), mode=0o444)


if __name__ == "__main__":
    main()
