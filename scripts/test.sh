#!/usr/bin/env bash
# Every test, fast ones first. Stops at the first level that fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

level() { printf '\n\033[1m── %s\033[0m\n' "$1"; }

level "Style and types"
scripts/lint.sh

level "Unit: settings, user data, documents (seconds)"
python -m pytest -q tests/unit -m 'not slow'

level "Synth: what the stacks are made of"
python -m pytest -q tests/synth

level "Scripts: set-up and host (bats, moto)"
bats --print-output-on-failure tests/setup tests/host_scripts
python -m pytest -q tests/host_scripts

level "Security: checkov, secrets"
python -m pytest -q tests/security

level "Terraform: validate every sample"
python -m pytest -q tests/terraform

level "Slow unit tests: the fast synth against the stock one"
python -m pytest -q tests/unit -m slow

level "Local: whole deployments on an embedded AWS (minutes)"
python -m pytest -q tests/local

printf '\nAll tests passed.\n'
