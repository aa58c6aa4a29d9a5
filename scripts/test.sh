#!/usr/bin/env bash
# Every test, fast ones first. Stops at the first level that fails.
#
#   scripts/test.sh           all levels
#   scripts/test.sh LEVEL...  these: lint unit synth scripts images security terraform slow local host
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

title() { printf '\n\033[1m── %s\033[0m\n' "$1"; }

run_lint() {
  title "Style and types"
  scripts/lint.sh
}

run_unit() {
  title "Unit: settings, user data, documents (seconds)"
  python -m pytest -q tests/unit -m 'not slow'
}

run_synth() {
  title "Synth: what the stacks are made of"
  python -m pytest -q tests/synth
}

run_scripts() {
  title "Scripts: set-up and host (bats, moto)"
  bats --print-output-on-failure tests/setup tests/host_scripts
  python -m pytest -q tests/host_scripts
}

run_images() {
  title "Images: worker and model server against a fake chain"
  local part
  for part in fake_chain worker model_server; do
    PYTHONPATH=scripts/worker:scripts/model_server \
      .tools/images/bin/python -m pytest -q -c tests/images.ini --rootdir . --confcutdir "tests/$part" "tests/$part"
  done
}

run_security() {
  title "Security: checkov, secrets"
  python -m pytest -q tests/security
}

run_terraform() {
  title "Terraform: validate every sample"
  python -m pytest -q tests/terraform
}

run_slow() {
  title "Slow unit tests: the fast synth against the stock one"
  python -m pytest -q tests/unit -m slow
}

run_local() {
  title "Local: whole deployments on an embedded AWS (minutes)"
  python -m pytest -q tests/local
}

run_host() {
  title "Host: a deployed worker, booted (minutes)"
  python -m pytest -q tests/host
}

levels=("$@")
((${#levels[@]})) || levels=(lint unit synth scripts images security terraform slow local host)
# Said now, and not after all the other levels.
if [[ " ${levels[*]} " == *" host "* ]]; then python -m tests.host.requirements; fi
for level in "${levels[@]}"; do "run_$level"; done

printf '\nAll tests passed.\n'
