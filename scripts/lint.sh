#!/usr/bin/env bash
# Style and types, with the locked tools.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

ruff check --quiet .
ruff format --check --quiet .
mypy
git ls-files -z '*.sh' '*.bash' '*.bats' scripts/setup/cdktf scripts/setup/pipenv .ci/run |
  xargs -0 shellcheck --external-sources --source-path=SCRIPTDIR
