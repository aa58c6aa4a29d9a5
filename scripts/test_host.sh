#!/usr/bin/env bash
# Runs tests/host, which boots deployments on this machine. Needs root on Linux; installs the missing Debian packages of
# tests/host/apt-packages.txt.
#
#   scripts/test_host.sh              all tests of this level
#   scripts/test_host.sh COMMAND...   a command that boots hosts, such as `python -m pytest tests/host/test_boot.py`
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

main() {
  if [[ $(uname -s) != Linux || $EUID != 0 ]]; then
    printf "✘ Only root on Linux can boot a host: run it there, with 'sudo make test-host'.\n" >&2
    exit 1
  fi
  local -a packages
  mapfile -t packages <tests/host/apt-packages.txt
  scripts/debian_packages.sh "${packages[@]}"
  scripts/setup/setup.sh dev images
  export PATH="$PWD/.venv/bin:$PATH"
  python -m tests.host.requirements
  python -m tests.host.prepare
  trap finish EXIT
  if (($#)); then "$@"; else scripts/test.sh host; fi
}

finish() {
  python -m tests.host.leftovers
  python -m tests.host.cache
}

main "$@"
