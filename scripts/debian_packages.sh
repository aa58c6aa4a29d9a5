#!/usr/bin/env bash
# Names and installs missing Debian packages. Needs root.
#
#   scripts/debian_packages.sh PACKAGE...
set -euo pipefail

readonly LOCK_SECONDS="${LOCK_SECONDS:-600}" # for another apt-get to end
LOG=$(mktemp)
readonly LOG
trap 'rm -f "$LOG"' EXIT

main() {
  local -a missing
  mapfile -t missing < <(missing_of "$@")
  ((${#missing[@]})) || return 0
  if ! command -v apt-get >/dev/null; then
    printf '✘ Install these Debian packages, or their equivalents: %s\n' "${missing[*]}" >&2
    exit 1
  fi
  printf 'Installing missing Debian packages: %s\n' "${missing[*]}"
  # The package lists may be recent enough.
  apt_get_install "${missing[@]}" || { apt_get_update && apt_get_install "${missing[@]}"; } || {
    printf '✘ apt-get could not install them: %s\n' "$(tail -n 1 "$LOG")" >&2
    exit 1
  }
}

missing_of() {
  local package
  for package in "$@"; do
    # shellcheck disable=SC2016 # dpkg-query's own format
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      printf '%s\n' "$package"
  done
}

apt_get_install() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq --yes --no-install-recommends \
    --option "DPkg::Lock::Timeout=$LOCK_SECONDS" install "$@" >"$LOG" 2>&1
}

# DPkg::Lock::Timeout does not cover the lists' lock, and apt does not use flock(1).
apt_get_update() {
  local -r deadline=$((SECONDS + LOCK_SECONDS))
  until apt-get -qq --option APT::Update::Error-Mode=any update >"$LOG" 2>&1; do
    grep --quiet 'Could not get lock' "$LOG" || return 1
    ((SECONDS < deadline)) || return 1
    sleep 1
  done
}

main "$@"
