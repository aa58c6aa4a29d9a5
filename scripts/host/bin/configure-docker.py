#!/usr/bin/python3
"""Merge our settings into Docker's daemon.json.

usage: configure-docker.py DAEMON_JSON DATA_ROOT; prints "changed" or "unchanged".
https://docs.docker.com/reference/cli/dockerd/#daemon-configuration-file
"""

import json
import sys
from pathlib import Path


def main(daemon_json: Path, data_root: str) -> None:
    """Merge the settings and print whether the file has changed."""
    try:
        present = json.loads(daemon_json.read_text()) if daemon_json.exists() else {}
    except ValueError as error:
        sys.exit(f"{daemon_json} is not JSON: {error}. Correct or remove it.")
    wanted = {
        **present,
        "data-root": data_root,
        # Containers keep running during Docker's upgrades.
        "live-restore": True,
        "log-driver": "local",
        "log-opts": {"max-size": "10m", "max-file": "3"},
        # Keeps images on the data volume; containerd's own store is elsewhere.
        "features": {**present.get("features", {}), "containerd-snapshotter": False},
        "builder": {"gc": {"enabled": True, "defaultKeepStorage": "4GB"}},
    }
    if wanted == present:
        print("unchanged")
        return
    daemon_json.parent.mkdir(parents=True, exist_ok=True)
    draft = daemon_json.with_suffix(".new")
    draft.write_text(json.dumps(wanted, indent=2) + "\n")
    draft.replace(daemon_json)
    print("changed")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
