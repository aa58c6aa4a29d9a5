#!/usr/bin/env bash
# Locks the newest versions that the Pipfile, package.json and the *.in files allow. The lock files name no registry.
#
#   scripts/setup/lock.sh               everything
#   scripts/setup/lock.sh packages      the Pipfile and package.json: nothing that a deployment contains
#   scripts/setup/lock.sh worker 1.4.0  the worker with that version of the Allora SDK
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

lock_python_packages() {
  pipenv lock
  python - <<'PYTHON'
import json
from pathlib import Path

path = Path("Pipfile.lock")
lock = json.loads(path.read_text())
lock["_meta"]["sources"] = []
for group in lock.keys() - {"_meta"}:
    for package in lock[group].values():
        package.pop("index", None)
path.write_text(json.dumps(lock, indent=4, sort_keys=True) + "\n")
PYTHON
}

# compile INPUT... -o OUTPUT: for all platforms.
compile() {
  .tools/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-header --no-annotate "$@"
}

install_uv() {
  python -m venv --clear .tools/lock
  .tools/lock/bin/python -m pip install --quiet --disable-pip-version-check uv
}

# Tools with environments of their own.
lock_tools() {
  local name
  for name in pipenv checkov images cdktn; do compile "scripts/setup/$name.in" -o "scripts/setup/$name.txt"; done
}

lock_model_server() {
  compile containers/model_server/requirements.in -o containers/model_server/requirements.txt
}

# lock_worker SDK_VERSION
lock_worker() {
  compile containers/worker/requirements.in <(printf 'allora-sdk==%s\n' "$1") -o "containers/worker/locks/$1.txt"
}

lock_node_packages() {
  npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved --no-audit --no-fund
}

# For all supported platforms.
lock_provider() {
  terraform -chdir=scripts/setup/provider providers lock \
    -platform=linux_amd64 -platform=linux_arm64 -platform=darwin_amd64 -platform=darwin_arm64
}

if [[ ${1:-} == packages ]]; then
  lock_python_packages
  lock_node_packages
  exit
fi
install_uv
if [[ ${1:-} == worker ]]; then
  lock_worker "$2"
else
  lock_python_packages
  for lock in containers/worker/locks/*.txt; do lock_worker "$(basename "$lock" .txt)"; done
  lock_model_server
  lock_tools
  lock_node_packages
  lock_provider
fi
