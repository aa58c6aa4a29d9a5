#!/usr/bin/env bash
# Checks style, types and workflows with the locked tools.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

ruff check --quiet .
ruff format --check --quiet .
mypy
MYPYPATH=containers/worker:containers/model_server:containers/forge_server mypy --python-executable .tools/images/bin/python --config-file tests/images.ini \
  --package allora_worker --package model_server --package forge_server --package devtools.fake_chain --package devtools.model_backtest
git ls-files -z '*.sh' '*.bash' '*.bats' scripts/setup/allora scripts/setup/cdktf scripts/setup/pipenv scripts/setup/terraform .ci/run |
  xargs -0 shellcheck --external-sources --source-path=SCRIPTDIR
zizmor --offline --quiet .github
