#!/usr/bin/env bash
# Locks the newest versions that the Pipfile, package.json and scripts/setup/*.in allow.
# The lock files name no registry: everybody installs from the one that is set up for them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

lock_python_packages() {
  pipenv lock --dev
  python - <<'PYTHON'
import json
from pathlib import Path

path = Path("Pipfile.lock")
lock = json.loads(path.read_text())
lock["_meta"]["sources"] = []
for group in ("default", "develop"):
    for package in lock[group].values():
        package.pop("index", None)
path.write_text(json.dumps(lock, indent=4, sort_keys=True) + "\n")
PYTHON
}

# Tools that live in environments of their own, for every platform at once.
lock_tools() {
  python -m venv --clear .tools/lock
  .tools/lock/bin/python -m pip install --quiet --disable-pip-version-check uv
  local name
  for name in pipenv checkov; do
    .tools/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
      --no-emit-index-url --no-emit-find-links --no-header --no-annotate "scripts/setup/$name.in" -o "scripts/setup/$name.txt"
  done
}

lock_node_packages() {
  npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved --no-audit --no-fund
}

lock_python_packages
lock_tools
lock_node_packages
