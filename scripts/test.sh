#!/usr/bin/env bash
# Runs the tests with the tools that `make test` installs.
#
#   scripts/test.sh           all levels, three at a time, until one fails
#   scripts/test.sh LEVEL     one level, in this terminal: lint unit local synth bats scripts images
#                             security terraform kill host fleet
#
# SEED=number repeats the random order of an earlier run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$PWD/.venv/bin:$PATH"
exec python -m devtools.levels "$@"
