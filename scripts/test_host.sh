#!/usr/bin/env bash
# Boots what a deployment makes on this machine, and breaks it (tests/host). It needs root on Linux, and installs the Debian
# packages of tests/host/apt-packages.txt that are missing.
#
#   scripts/test_host.sh              all tests of this level
#   scripts/test_host.sh COMMAND...   a command that boots hosts, such as `python -m pytest tests/host/test_boot.py`
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly APT_PACKAGES=tests/host/apt-packages.txt
# Each file has a deployment and a host of its own, and most of its time it waits.
readonly TESTS=(python -m pytest --numprocesses 4 --dist loadfile tests/host)

fail() {
  printf '✘ %s\n' "$*" >&2
  exit 1
}

main() {
  check_machine
  if command -v apt-get >/dev/null; then install_packages; fi
  scripts/setup/setup.sh dev images
  export PATH="$PWD/.venv/bin:$PATH"
  python -m tests.host.requirements
  python -m tests.host.prepare
  trap finish EXIT
  if (($#)); then "$@"; else "${TESTS[@]}"; fi
}

check_machine() {
  [[ $(uname -s) == Linux && $EUID == 0 ]] ||
    fail "Only root on Linux can boot a host: run it there, with 'sudo make test-host'."
}

install_packages() {
  local -a missing
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]})) || return 0
  printf 'Booting a host needs Debian packages that are missing here; installing: %s\n' "${missing[*]}"
  # The lists of packages may be there, and good enough.
  apt_install "${missing[@]}" || { apt_update && apt_install "${missing[@]}"; } ||
    fail "apt-get could not install ${missing[*]}: $(tail -n 1 "$APT_LOG")"
}

missing_packages() {
  local package
  while read -r package; do
    # shellcheck disable=SC2016 # dpkg-query's own format
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      printf '%s\n' "$package"
  done <"$APT_PACKAGES"
}

apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq --yes --no-install-recommends --option DPkg::Lock::Timeout=600 \
    install "$@" >"$APT_LOG" 2>&1
}

# DPkg::Lock::Timeout leaves out the lock of the lists, and apt's locks are not those of flock(1).
apt_update() {
  local -r deadline=$((SECONDS + 600))
  until apt-get -qq --option APT::Update::Error-Mode=any update >"$APT_LOG" 2>&1; do
    grep --quiet 'Could not get lock' "$APT_LOG" || return 1
    ((SECONDS < deadline)) || return 1
    sleep 2
  done
}

finish() {
  rm -f "$APT_LOG"
  python -m tests.host.leftovers
  python -m tests.host.cache
}

APT_LOG=$(mktemp)
readonly APT_LOG
main "$@"
